//! Feeds: clocks, marks, right leg, lateness; files as feeds
pub mod clock;
pub mod limits;
