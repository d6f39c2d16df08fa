//! What happens, as it happens: server-sent events, gone on with from where a reader was.
//!
//! Nothing is kept for a reader: each looks into the database for what changed after its position, when something has changed and
//! at most [`EVERY`]; of a burst that one look does not hold it reads on at once. So a slow reader costs no memory, and nobody misses anything: who is too far behind is told to begin anew.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::Refused;
use super::places::Place;
use super::query::Query;
use super::{Caller, Site, Told, lock, looks};
use crate::limits::{STREAMS_MAX, STREAMS_OF_USER_MAX};
use crate::store::{Eyes, Filter, Position, Watched, heard};

/// Between two looks of one reader.
const EVERY: Duration = Duration::from_millis(200);
/// A reader hears something at least this often.
const BEAT: Duration = Duration::from_secs(5);

/// A reader that is there is counted, in all and of its user, until it is dropped.
struct Seat {
    site: Arc<Site>,
    place: Option<Place>,
}

impl Seat {
    fn take(site: &Arc<Site>, caller: &Caller) -> Result<Self, Refused> {
        // Who is not signed in is at this machine, and everybody there.
        let (user, own_max) = match &caller.user {
            Some(user) => (user.name.as_str(), STREAMS_OF_USER_MAX),
            None => ("", STREAMS_MAX),
        };
        let Some(place) = site.streams.take(user, own_max, STREAMS_MAX) else {
            (site.told)(Told::StreamRefused);
            return Err(Refused::TooMany { wait_ms: 10_000 });
        };
        site.streams.tell(|open| (site.told)(Told::Streams { open }));
        Ok(Self { site: Arc::clone(site), place: Some(place) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        drop(self.place.take());
        self.site.streams.tell(|open| (self.site.told)(Told::Streams { open }));
    }
}

struct Reader {
    seat: Seat,
    caller: Caller,
    eyes: Eyes,
    filter: Filter,
    watched: Watched,
    position: Position,
    changed: watch::Receiver<u64>,
    /// Number of the commit that woke it last.
    woken: Option<u64>,
    looked: Instant,
    beaten: Instant,
    waiting: VecDeque<Event>,
    /// The last look did not hold all that there was.
    is_behind: bool,
    has_ended: bool,
}

pub(super) async fn events(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let query = Query::of(&uri);
    let (filter, eyes) = (query.filter()?, caller.eyes()?);
    let watched = query.parsed("only", "an incident's id, or none", Watched::parse)?.unwrap_or_default();
    let asked = query.parsed("position", "a position as a list or an event has it", Position::parse)?;
    let last = headers.get("last-event-id").and_then(|id| Position::parse(id.to_str().ok()?));
    let seat = Seat::take(&site, &caller)?;
    let position = match last.or(asked) {
        Some(position) => position,
        None => site.look(|sight| sight.position()).await?,
    };
    let mut changed = site.changed.clone();
    changed.mark_changed();
    let now = Instant::now();
    let begun = now.checked_sub(EVERY).unwrap_or(now);
    let waiting = VecDeque::new();
    let reader = Reader {
        seat,
        caller,
        eyes,
        filter,
        watched,
        position,
        changed,
        woken: None,
        looked: begun,
        beaten: now,
        waiting,
        is_behind: false,
        has_ended: false,
    };
    Ok(Sse::new(futures::stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })))
}

impl Reader {
    /// The next event; none once the session has ended and that was said.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.has_ended {
                return None;
            }
            if !self.is_behind {
                self.wait().await;
            }
            let site = Arc::clone(&self.seat.site);
            match self.eyes_now(&site) {
                None => {
                    self.has_ended = true;
                    return Some(Event::default().event("signed-out").data("{}"));
                }
                Some(eyes) if eyes != self.eyes => self.begin_anew(&site, eyes).await,
                Some(_) => self.look(&site).await,
            }
            if self.beaten.elapsed() >= BEAT {
                self.beaten = Instant::now();
                return Some(self.beat(&site));
            }
        }
    }

    /// Until something has changed, or it is time for a sign of life; and not again too soon.
    async fn wait(&mut self) {
        let beat = self.beaten + BEAT;
        // A console that ends closes the stream.
        if let Ok(Err(_)) = tokio::time::timeout_at(beat, self.changed.changed()).await {
            tokio::time::sleep_until(beat).await;
        }
        tokio::time::sleep_until(self.looked + EVERY).await;
        self.looked = Instant::now();
    }

    /// What may be seen now: another country's alerts, if the user was moved; nothing where nobody is signed in any more.
    fn eyes_now(&self, site: &Site) -> Option<Eyes> {
        let Some(cookie) = &self.caller.cookie else { return site.desk.is_open.then_some(self.eyes) };
        let session = lock(&site.sessions).of(cookie, (site.now)()).cloned()?;
        site.signed_in(session).ok().flatten().and_then(|user| Eyes::of(&user.country))
    }

    /// What the page shows is what somebody else may see.
    async fn begin_anew(&mut self, site: &Arc<Site>, eyes: Eyes) {
        let Ok(position) = site.look(|sight| sight.position()).await else { return };
        (self.eyes, self.position, self.is_behind) = (eyes, position, false);
        self.waiting.push_back(Event::default().event("reset").id(position.to_string()).data("{}"));
    }

    async fn look(&mut self, site: &Arc<Site>) {
        let (eyes, filter, watched, from) = (self.eyes, self.filter.clone(), self.watched.clone(), self.position);
        let was_behind = std::mem::take(&mut self.is_behind);
        let woken = *self.changed.borrow_and_update();
        let is_woken = self.woken.replace(woken) != Some(woken);
        let look = (eyes, filter.clone(), watched.clone(), from, woken);
        let looked = || async {
            let changes = site.look(move |sight| sight.changes(eyes, &filter, &watched, from)).await;
            changes.ok().map(looks::Told::from)
        };
        // Where the database fails it is asked again with the next beat, not at once. A look that only the time has brought is one's own:
        // what it finds was told to nobody.
        let told =
            if is_woken || was_behind { site.looks.told(look, looked).await } else { looked().await.map(Arc::new) };
        let Some(told) = told else { return };
        (self.position, self.is_behind) = (told.position, told.is_cut);
        let id = told.position.to_string();
        let event =
            |(name, text): &(&'static str, String)| Event::default().event(*name).id(id.clone()).data(text.clone());
        self.waiting.extend(told.events.iter().map(event));
    }

    fn beat(&self, site: &Site) -> Event {
        let (topics, now) = (lock(&site.topics), (site.now)());
        let lag: serde_json::Map<String, serde_json::Value> =
            topics.iter().map(|heard| (heard.name.to_owned(), json!((heard.end - heard.next).max(0)))).collect();
        let told = json!({ "now": now.to_string(), "lag": lag, "exchange": heard(&topics, now) });
        drop(topics);
        Event::default().event("beat").id(self.position.to_string()).data(told.to_string())
    }
}
