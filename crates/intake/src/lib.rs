//! Feeds: clocks, marks, right leg, lateness; files as feeds
