"""The kiosk's eyes: camera frames in, codes out.

The only room that knows picamera2, zxing-cpp and pyzbar. All of it but ``eyes`` and ``events`` runs in a child process
(``python -m device.scan``), because camera stacks hang, decoders written in C abort, and only a process can be killed.
The kiosk's main process imports ``eyes``, ``events`` and ``symbologies``, which are light.
"""
