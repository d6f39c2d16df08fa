//! Record tasks and entity tasks: routing, watermarks, incidents, snapshots; a fold over a log
