"""What the head office tells others by itself: events, written with what they tell of, delivered afterwards."""
