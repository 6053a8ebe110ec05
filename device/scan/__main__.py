"""``python -m device.scan``: the camera process, as ``device.scan.eyes`` starts it."""

from device.scan.child import main

raise SystemExit(main())
