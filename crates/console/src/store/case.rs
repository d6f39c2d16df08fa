//! What a dossier is made of: messages about one incident or campaign, as they were signed.

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::alert::Entity;
use lancang_alert::feedback::About;
use lancang_alert::handling::COUNTRIES;
use lancang_alert::{Alert, Feedback, Source};
use lancang_record::Timestamp;
use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};

use super::incident::Found;
use super::take::is_innocent;
use super::{Eyes, Sight, StoreError};

/// What a dossier is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Subject {
    /// An incident, by its key.
    Incident(String),
    /// A campaign, by its id.
    Campaign(String),
}

impl Subject {
    /// Key of the incident, or id of the campaign.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Incident(id) | Self::Campaign(id) => id,
        }
    }
}

/// A message as it lay in its topic: value and envelope, from which all else of it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where it lay; of feedback that is not kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset: Option<i64>,
    /// When it was received. RFC 3339.
    pub received: String,
    /// The JSON, byte for byte.
    pub value: String,
    /// The DSSE envelope, without payload, byte for byte.
    pub dsse: String,
}

impl Message {
    fn bytes(&self) -> usize {
        self.value.len() + self.dsse.len()
    }
}

/// Everything that is kept of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its incidents.
    pub incidents: Vec<About>,
    /// Their keys.
    pub keys: Vec<String>,
    /// Their alerts, in the order of the topic.
    pub alerts: Vec<Message>,
    /// What was said of them, and of operations that they are in, by time.
    pub feedback: Vec<Message>,
    /// Joint operations that they, or the campaign, are in.
    pub operations: Vec<InOperation>,
    /// The campaign, where all of it may be seen.
    pub campaign: Option<Message>,
    /// Alerts of the campaign beyond those that are named.
    pub left_out: usize,
    /// Entries of the key registry.
    pub registry: Vec<String>,
    /// Tokens of those who act in it, and whom another alert that may be seen holds for impersonated or a victim.
    pub innocent: BTreeSet<String>,
}

/// A joint operation that a case is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InOperation {
    /// Its id.
    pub operation_id: String,
    /// Messages that are left out: they name an incident or a campaign that is not meant for who asks, or that is not kept (any
    /// more).
    pub left_out: usize,
    /// Messages without effect: none of them is in the case.
    #[serde(skip_serializing_if = "is_none", default)]
    pub unheard: usize,
    /// Messages that are not believed any more.
    #[serde(skip_serializing_if = "is_none", default)]
    pub unbelieved: usize,
    /// Messages for which there is no room.
    #[serde(skip_serializing_if = "is_none", default)]
    pub no_room: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Sight<'_> {
    /// All that is kept of a case; none if there is nothing that may be seen. Not more of it is read than may be.
    ///
    /// # Errors
    /// If the database fails, or its messages have more bytes.
    pub fn case(&self, eyes: Eyes, subject: &Subject, bytes_max: usize) -> Result<Option<Case>, StoreError> {
        let mut case = Case { registry: self.registry()?, ..Case::default() };
        let keys = match subject {
            Subject::Incident(key) => vec![key.clone()],
            Subject::Campaign(id) => match self.members(eyes, id, &mut case)? {
                Some(keys) => keys,
                None => return Ok(None),
            },
        };
        let mut room = Room { left: bytes_max, bytes_max };
        room.take(case.campaign.as_ref())?;
        for key in keys {
            match self.find(eyes, &key)? {
                Some(found) => {
                    self.innocent(eyes, &found.alert, &mut case.innocent)?;
                    self.add(eyes, &found, key, &mut case, &mut room)?;
                }
                None => case.left_out += 1,
            }
        }
        self.add_operations(eyes, subject, &mut case, &room)?;
        case.alerts.sort_by_key(|message| message.offset);
        case.feedback.sort_by(|one, other| one.received.cmp(&other.received));
        Ok((!case.incidents.is_empty()).then_some(case))
    }

    /// Keys of a campaign's members, as it is joined here; the topic's message of that name goes into the case where nothing that it
    /// names is hidden.
    fn members(&self, eyes: Eyes, id: &str, case: &mut Case) -> Result<Option<Vec<String>>, StoreError> {
        let Some(joined) = self.joined(eyes, id)? else { return Ok(None) };
        let members = &joined.campaign.members;
        let keys = members.iter().map(|member| super::key(&member.incident_id, &member.producer.uri())).collect();
        case.left_out = usize::try_from(joined.campaign.alerts).unwrap_or(usize::MAX).saturating_sub(members.len());
        if joined.is_named && self.are_all_seen(eyes, id)? {
            let find = "SELECT place, received, campaign, envelope FROM campaigns WHERE campaign_id = ?1";
            let mut find = self.transaction.prepare_cached(find)?;
            case.campaign = find.query_row([id], |row| message(row, true)).optional()?;
        }
        Ok(Some(keys))
    }

    /// Whether each alert that a campaign of the topic names may be seen.
    fn are_all_seen(&self, eyes: Eyes, id: &str) -> Result<bool, StoreError> {
        let Some(campaign) = self.kept(id)? else { return Ok(false) };
        for member in campaign.members {
            let about = About { incident_id: member.incident_id, producer: member.producer };
            if self.seen_incident(eyes, &about)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn add(&self, eyes: Eyes, found: &Found, key: String, case: &mut Case, room: &mut Room) -> Result<(), StoreError> {
        let (incident_id, producer): (&String, &Source) = (&found.alert.incident_id, &found.alert.producer);
        let alerts = "SELECT place, received, alert, envelope FROM earlier WHERE incident = ?1 AND visible & ?2 = ?2 \
             UNION ALL SELECT i.place, b.received, b.alert, b.envelope FROM bodies b JOIN incidents i ON i.id = b.incident \
             WHERE b.incident = ?1";
        let mut alerts = self.transaction.prepare_cached(alerts)?;
        for message in alerts.query_map((found.id, eyes.0), |row| message(row, true))? {
            case.alerts.push(message?);
            room.take(case.alerts.last())?;
        }
        let said = "SELECT 0, received, feedback, envelope FROM statements WHERE incident_id = ?1 AND producer = ?2";
        let mut said = self.transaction.prepare_cached(said)?;
        for message in said.query_map((incident_id, producer.uri()), |row| message(row, false))? {
            case.feedback.push(message?);
            room.take(case.feedback.last())?;
        }
        case.incidents.push(About { incident_id: incident_id.clone(), producer: producer.clone() });
        case.keys.push(key);
        Ok(())
    }

    /// Who acts here may be impersonated elsewhere: the box that shows a bank's number stands in another alert.
    fn innocent(&self, eyes: Eyes, alert: &Alert, innocent: &mut BTreeSet<String>) -> Result<(), StoreError> {
        let elsewhere = "SELECT EXISTS (SELECT 1 FROM innocent t JOIN incidents i ON i.id = t.incident \
             WHERE t.token = ?1 AND i.visible & ?2 = ?2)";
        let mut elsewhere = self.transaction.prepare_cached(elsewhere)?;
        for token in alert.entities.iter().filter(|entity| !is_innocent(entity)).flat_map(Entity::tokens) {
            if elsewhere.query_row((token, eyes.0), |row| row.get(0))? {
                innocent.insert(token.clone());
            }
        }
        Ok(())
    }

    /// What was said with effect of operations that the case is in, as far as all that it names may be seen. What room is left is
    /// shared by the countries that write, and what is beyond a country's share is counted: many words about operations keep nobody
    /// from making a dossier, and push out nobody else's.
    fn add_operations(&self, eyes: Eyes, subject: &Subject, case: &mut Case, room: &Room) -> Result<(), StoreError> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let mut take = |text: &str, bound: &dyn Fn(&mut rusqlite::Statement<'_>) -> rusqlite::Result<Vec<String>>| {
            let mut find = self.transaction.prepare_cached(text)?;
            ids.extend(bound(&mut find)?);
            Ok::<_, StoreError>(())
        };
        let id = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let of_incident = "SELECT operation_id FROM operation_incidents WHERE incident_id = ?1 AND producer = ?2";
        for About { incident_id, producer } in &case.incidents {
            take(of_incident, &|find| find.query_map((incident_id, producer.uri()), id)?.collect())?;
        }
        if let Subject::Campaign(campaign) = subject {
            let of_campaign = "SELECT operation_id FROM operation_campaigns WHERE campaign_id = ?1";
            take(of_campaign, &|find| find.query_map([campaign], id)?.collect())?;
        }
        let said = "SELECT 0, received, feedback, envelope, id FROM operation_words WHERE operation_id = ?1 \
             ORDER BY published, id";
        let mut said = self.transaction.prepare_cached(said)?;
        let share = room.left / COUNTRIES.len();
        let mut shares: BTreeMap<String, usize> = BTreeMap::new();
        for operation_id in ids {
            let Some(state) = self.operation_state(&operation_id)? else { continue };
            let mut of = InOperation { operation_id, left_out: 0, unheard: 0, unbelieved: 0, no_room: 0 };
            let read = |row: &rusqlite::Row<'_>| Ok((message(row, false)?, row.get::<_, String>(4)?));
            for found in said.query_map([&of.operation_id], read)? {
                let (message, id) = found?;
                if !state["unheard"][&id].is_null() {
                    of.unheard += 1;
                    continue;
                }
                let feedback: Feedback = serde_json::from_str(&message.value)?;
                if self.names_hidden(eyes, &feedback)? {
                    of.left_out += 1;
                    continue;
                }
                let left = shares.entry(feedback.writer.country).or_insert(share);
                let Some(rest) = left.checked_sub(message.bytes()) else {
                    of.no_room += 1;
                    continue;
                };
                *left = rest;
                case.feedback.push(message);
            }
            case.operations.push(of);
        }
        Ok(())
    }

    /// Whether a message of an operation lists an incident or a campaign that is not meant for somebody, or not known here.
    fn names_hidden(&self, eyes: Eyes, feedback: &Feedback) -> Result<bool, StoreError> {
        let (proposed, added) = (feedback.operation.as_ref(), feedback.operation_addition.as_ref());
        let lists = proposed.map(|block| (&block.incidents, &block.campaigns)).into_iter();
        for (incidents, campaigns) in lists.chain(added.map(|block| (&block.incidents, &block.campaigns))) {
            for about in incidents {
                if self.seen_incident(eyes, about)?.is_none() {
                    return Ok(true);
                }
            }
            for id in campaigns {
                if !self.is_campaign_seen(eyes, id)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn registry(&self) -> Result<Vec<String>, StoreError> {
        let mut all = self.transaction.prepare_cached("SELECT envelope FROM keys ORDER BY key_id, part")?;
        let text = |row: &rusqlite::Row<'_>| bytes(row, 0);
        Ok(all.query_map([], text)?.collect::<rusqlite::Result<_>>()?)
    }
}

/// What may still be read.
struct Room {
    left: usize,
    bytes_max: usize,
}

impl Room {
    fn take(&mut self, message: Option<&Message>) -> Result<(), StoreError> {
        let bytes = message.map_or(0, Message::bytes);
        self.left = self.left.checked_sub(bytes).ok_or(StoreError::Large { bytes_max: self.bytes_max })?;
        Ok(())
    }
}

fn message(row: &rusqlite::Row<'_>, is_placed: bool) -> rusqlite::Result<Message> {
    Ok(Message {
        offset: is_placed.then(|| row.get(0)).transpose()?,
        received: Timestamp::from_ms(row.get(1)?).to_string(),
        value: bytes(row, 2)?,
        dsse: bytes(row, 3)?,
    })
}

/// Text that may be kept as bytes: what was verified is JSON, and so UTF-8.
fn bytes(row: &rusqlite::Row<'_>, place: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(row.get_ref(place)?.as_bytes()?).into_owned())
}
