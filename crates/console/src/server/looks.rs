//! One look for all lines that stand at the same place: of many pages that hear the same only the first looks into the database, and makes
//! the texts that all are told.
//!
//! What a look finds is told to whoever sees the same, asks for the same, stands at the same position and was woken by the same commit: a look
//! that began before a commit is no answer to what that commit has woken. The newest looks alone are kept; one that failed is not.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::sync::OnceCell;

use crate::limits::LOOKS_KEPT_MAX;
use crate::store::{Changes, Eyes, Filter, Position, Watched};

/// Who looks for what from where, and the number of the commit that woke it.
pub(super) type Look = (Eyes, Filter, Watched, Position, u64);

/// What a line is told.
#[derive(Debug)]
pub(super) struct Told {
    /// Where it stands then.
    pub(super) position: Position,
    /// There is more already.
    pub(super) is_cut: bool,
    /// Events by name, with their JSON.
    pub(super) events: Vec<(&'static str, String)>,
}

impl From<Changes> for Told {
    fn from(changes: Changes) -> Self {
        let Changes { rows, gone, campaigns, operations, position, is_too_far, is_cut } = changes;
        let mut events = Vec::new();
        if is_too_far {
            events.push(("reset", "{}".to_owned()));
            return Self { position, is_cut, events };
        }
        if !rows.is_empty() || !gone.is_empty() {
            events.push(("incidents", json!({ "rows": rows, "gone": gone }).to_string()));
        }
        if !campaigns.is_empty() {
            events.push(("campaigns", json!({ "changed": campaigns }).to_string()));
        }
        if !operations.is_empty() {
            events.push(("operations", json!({ "changed": operations }).to_string()));
        }
        Self { position, is_cut, events }
    }
}

type Cell = Arc<OnceCell<Arc<Told>>>;

/// The newest looks.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<VecDeque<(Look, Cell)>>);

impl Looks {
    /// What a look finds: `looks` is asked where nobody has begun the same. None if it failed.
    pub(super) async fn told<F>(&self, look: Look, looks: impl FnOnce() -> F) -> Option<Arc<Told>>
    where
        F: Future<Output = Option<Told>>,
    {
        let cell = self.cell(look);
        let found = cell.get_or_try_init(|| async { looks().await.map(Arc::new).ok_or(()) }).await;
        found.ok().cloned()
    }

    fn cell(&self, look: Look) -> Cell {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = kept.iter().find(|(known, _)| *known == look) {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        if kept.len() == LOOKS_KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((look, Arc::clone(&cell)));
        cell
    }
}
