//! Places that are held: of each who holds them so many, and of all together so many.
//!
//! **Invariant:** a place is given back when it is dropped, whatever ended the work; who holds none is not remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::lock;

/// Places by who holds them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<String, usize>>>);

/// A place that is held.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    holder: String,
}

impl Places {
    /// A place, unless its holder has `own_max` or all together `all_max`.
    pub(super) fn take(&self, holder: &str, own_max: usize, all_max: usize) -> Option<Place> {
        let mut held = lock(&self.0);
        let own = held.get(holder).copied().unwrap_or(0);
        if own >= own_max || held.values().sum::<usize>() >= all_max {
            return None;
        }
        held.insert(holder.to_owned(), own + 1);
        Some(Place { places: self.clone(), holder: holder.to_owned() })
    }

    /// Tells how many are held; nothing else is told before that is.
    pub(super) fn tell(&self, told: impl FnOnce(usize)) {
        let held = lock(&self.0);
        told(held.values().sum());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = lock(&self.places.0);
        let own = held.remove(&self.holder).unwrap_or(0);
        if own > 1 {
            held.insert(std::mem::take(&mut self.holder), own - 1);
        }
    }
}

/// Places that are waited for: what one asks at once waits for what he asked before, and holds up nobody else.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Turns {
    /// A turn among `own_max` of its holder; none if it does not come within `wait`.
    pub(super) async fn take(&self, holder: &str, own_max: usize, wait: Duration) -> Option<OwnedSemaphorePermit> {
        let own = {
            let mut turns = lock(&self.0);
            // Whoever holds or waits for one holds its semaphore too.
            turns.retain(|_, own| Arc::strong_count(own) > 1);
            Arc::clone(turns.entry(holder.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(own_max))))
        };
        tokio::time::timeout(wait, own.acquire_owned()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_of_one_and_of_all() {
        let places = Places::default();
        let (first, second) = (places.take("a", 2, 3), places.take("a", 2, 3));
        assert!(first.is_some() && second.is_some() && places.take("a", 2, 3).is_none());
        let third = places.take("b", 2, 3);
        assert!(third.is_some() && places.take("c", 2, 3).is_none());
        drop(first);
        places.tell(|held| assert_eq!(held, 2));
        assert!(places.take("c", 2, 3).is_some());
        drop((second, third));
        assert!(lock(&places.0).is_empty());
    }

    #[tokio::test]
    async fn who_asks_too_much_at_once_waits_for_himself_alone() {
        let (turns, wait) = (Turns::default(), Duration::from_millis(20));
        let first = turns.take("a", 2, wait).await;
        let second = turns.take("a", 2, wait).await;
        assert!(first.is_some() && second.is_some());
        assert!(turns.take("a", 2, wait).await.is_none());
        assert!(turns.take("b", 2, wait).await.is_some());
        drop(first);
        assert!(turns.take("a", 2, wait).await.is_some());
        drop(second);
        drop(turns.take("c", 2, wait).await);
        assert!(turns.take("d", 2, wait).await.is_some());
        assert!(lock(&turns.0).len() <= 1, "who asks nothing any more is remembered");
    }
}
