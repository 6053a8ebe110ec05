"""The technician's side: certificate authority, the broker's configuration, stores and kiosks, revocation.

It owns the authority's folder and the broker's; of gateway and head office it knows their HTTP interfaces only.
``verbs`` holds what ``hexiao provision`` does, without a terminal; the other modules are what the verbs are made of.
Nothing here may be imported by a running kiosk, gateway or head office.
"""
