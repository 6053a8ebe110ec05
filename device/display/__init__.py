"""Screens as people see them: a view becomes a 128x64 picture, the picture reaches the OLED.

The only room of the kiosk that knows luma and Pillow. ``layout`` places lines and does nothing else; ``draw`` makes
pictures with the glyphs of ``fonts``; ``screen`` is the thread that keeps the OLED showing the newest view.
"""
