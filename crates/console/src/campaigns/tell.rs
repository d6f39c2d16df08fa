//! Campaigns as they are published: which are new, which have changed, which are no more.

use std::collections::{BTreeMap, HashMap};

use lancang_alert::alert::{Handling, Source};
use lancang_alert::campaign::{Campaign, Edge, Member, Shared};
use lancang_alert::hex;
use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};

use super::graph::{Correlator, Group, Node, weight};
use super::{Key, Known, Seen, WEIGHTS, counted};
use crate::limits::{CARRIERS_MIN, EDGES_TOLD_MAX, MEMBERS_TOLD_MAX, SHARED_TOLD_MAX};

/// Remembers what was published, and tells what has changed since.
#[derive(Debug)]
pub struct Publisher {
    writer: Source,
    /// Of whom these are, where they are no campaigns of the exchange.
    viewer: Option<String>,
    /// Newest state of each campaign, those that are dissolved too.
    told: HashMap<String, Told>,
    /// Campaign of a group.
    of_group: HashMap<Group, String>,
    /// Whether what was published before we began has been compared.
    has_begun: bool,
}

#[derive(Clone, Debug)]
struct Told {
    revision: u64,
    /// Of all but revision, message and time.
    content: [u8; 16],
    is_dissolved: bool,
    /// The alerts that it named, by age: where the first that is still there belongs to, it goes on.
    members: Vec<Seen>,
    status: String,
    first_event: String,
    last_event: String,
    opened: Option<String>,
    severity: u8,
    countries: BTreeMap<String, u64>,
}

impl Publisher {
    /// One that has published nothing.
    #[must_use]
    pub fn new(writer: Source) -> Self {
        Self { writer, viewer: None, told: HashMap::new(), of_group: HashMap::new(), has_begun: false }
    }

    /// One that tells a country what it sees, and nobody else: these have ids of their own, which are nobody's on the exchange.
    #[must_use]
    pub fn of_view(country: &str) -> Self {
        let writer = Source { country: country.to_owned(), organisation: "-".to_owned(), node: "-".to_owned() };
        Self { viewer: Some(country.to_owned()), ..Self::new(writer) }
    }

    /// Takes a campaign that was published before, in the topic's order.
    pub fn learn(&mut self, campaign: &Campaign) {
        self.told.insert(campaign.campaign_id.clone(), Told::of(campaign));
    }

    /// Forgets a campaign that is dissolved.
    pub fn forget(&mut self, id: &str) {
        if self.told.get(id).is_some_and(|told| told.is_dissolved) {
            self.told.remove(id);
        }
    }

    /// Campaigns that are not dissolved.
    #[must_use]
    pub fn live(&self) -> usize {
        self.told.values().filter(|told| !told.is_dissolved).count()
    }

    /// States that differ from what was published last, by id; they count as published. To be asked once all alerts have been
    /// read that were there.
    pub fn changes(&mut self, correlator: &mut Correlator, handling: &Handling, now: Timestamp) -> Vec<Campaign> {
        let regrouped = correlator.regroup();
        let mut ended: Vec<String> = regrouped.gone.iter().filter_map(|group| self.of_group.remove(group)).collect();
        let mut changes = BTreeMap::new();
        for group in regrouped.new {
            let Some(campaign) = self.campaign(correlator, group, handling, now) else { continue };
            self.of_group.insert(group, campaign.campaign_id.clone());
            changes.insert(campaign.campaign_id.clone(), campaign);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            ended.extend(self.told.iter().filter(|(_, told)| !told.is_dissolved).map(|(id, _)| id.clone()));
        }
        for id in ended {
            if changes.contains_key(&id) {
                continue;
            }
            let end = self.end(&id, correlator, handling, now);
            end.into_iter().for_each(|campaign| _ = changes.insert(id.clone(), campaign));
        }
        changes.retain(|_, campaign| self.is_news(campaign));
        changes.values().for_each(|campaign| self.learn(campaign));
        changes.into_values().collect()
    }

    fn is_news(&self, campaign: &Campaign) -> bool {
        self.told.get(&campaign.campaign_id).is_none_or(|told| {
            let is_dissolved = campaign.message == "dissolved";
            told.is_dissolved != is_dissolved || told.content != content(campaign)
        })
    }

    fn campaign(&self, correlator: &Correlator, group: Group, handling: &Handling, now: Timestamp) -> Option<Campaign> {
        let nodes = correlator.group(group);
        let known: Vec<&Known> = nodes.iter().filter_map(|node| correlator.known(*node)).collect();
        let elder = known.first()?;
        let carriers = counted(known.iter().map(|known| known.carrier()));
        if carriers.len() < CARRIERS_MIN {
            return None;
        }
        let campaign_id = id_of(self.viewer.as_deref(), &elder.seen);
        let before = self.told.get(&campaign_id);
        let is_new = before.is_none_or(|told| told.is_dissolved);
        let told = &nodes[..nodes.len().min(MEMBERS_TOLD_MAX)];
        let (edges, more_edges) = edges(correlator, told);
        let (shared, more_shared) = shared(correlator, &elder.status, &known);
        Some(Campaign {
            revision: before.map_or(0, |told| told.revision + 1),
            message: if is_new { "open" } else { "update" }.to_owned(),
            status: elder.status.clone(),
            merged_into: None,
            writer: self.writer.clone(),
            published: now.to_string(),
            first_event: elder.first_event.to_string(),
            last_event: known.iter().map(|known| known.last_event).max()?.to_string(),
            opened: Some(elder.detected.to_string()),
            severity: known.iter().map(|known| known.severity).max()?,
            alerts: known.len() as u64,
            carriers,
            countries: counted(known.iter().map(|known| known.seen.producer.country.clone())),
            patterns: counted(known.iter().map(|known| known.pattern.clone())),
            members: known.iter().take(MEMBERS_TOLD_MAX).map(|known| member(known)).collect(),
            edges,
            more_edges,
            shared,
            more_shared,
            handling: handling.clone(),
            campaign_id,
        })
    }

    /// The last state of a campaign that is no more.
    fn end(&self, id: &str, correlator: &Correlator, handling: &Handling, now: Timestamp) -> Option<Campaign> {
        let told = self.told.get(id).filter(|told| !told.is_dissolved)?;
        let group = told.members.iter().find_map(|member| correlator.group_of(member));
        Some(Campaign {
            campaign_id: id.to_owned(),
            revision: told.revision + 1,
            message: "dissolved".to_owned(),
            status: told.status.clone(),
            merged_into: group.and_then(|group| self.of_group.get(&group)).cloned(),
            writer: self.writer.clone(),
            published: now.to_string(),
            first_event: told.first_event.clone(),
            last_event: told.last_event.clone(),
            opened: told.opened.clone(),
            severity: told.severity,
            alerts: 0,
            carriers: BTreeMap::new(),
            // To whom it is shown alone, whose it was is no secret; and a week counts it where it was.
            countries: if self.viewer.is_some() { told.countries.clone() } else { BTreeMap::new() },
            patterns: BTreeMap::new(),
            members: Vec::new(),
            edges: Vec::new(),
            more_edges: 0,
            shared: Vec::new(),
            more_shared: 0,
            handling: handling.clone(),
        })
    }
}

impl Told {
    fn of(campaign: &Campaign) -> Self {
        let seen = |one: &Member| Seen { producer: one.producer.clone(), incident_id: one.incident_id.clone() };
        Self {
            revision: campaign.revision,
            content: content(campaign),
            is_dissolved: campaign.message == "dissolved",
            members: campaign.members.iter().map(seen).collect(),
            status: campaign.status.clone(),
            first_event: campaign.first_event.clone(),
            last_event: campaign.last_event.clone(),
            opened: campaign.opened.clone(),
            severity: campaign.severity,
            countries: campaign.countries.clone(),
        }
    }
}

/// Id of the campaign that this alert began: a hash, so that nobody takes it for the alert's.
fn id_of(viewer: Option<&str>, elder: &Seen) -> String {
    let of = viewer.map(|country| format!(" of {country}")).unwrap_or_default();
    let hash = Sha256::digest(format!("lancang campaign{of} {} {}", elder.producer.uri(), elder.incident_id));
    hex::encode(&hash[..16])
}

/// Fingerprint of what a campaign says, whenever and as whatever it says it.
fn content(campaign: &Campaign) -> [u8; 16] {
    let mut said = campaign.clone();
    (said.revision, said.message, said.published) = (0, String::new(), String::new());
    // When a campaign's message is to be deleted moves with the clock.
    said.handling.retain_until.clear();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&Sha256::digest(format!("{said:?}"))[..16]);
    fingerprint
}

fn member(known: &Known) -> Member {
    Member {
        incident_id: known.seen.incident_id.clone(),
        producer: known.seen.producer.clone(),
        pattern: known.pattern.clone(),
        first_event: known.first_event.to_string(),
    }
}

/// Pairs among those that are named, the strongest first, and how many there are beyond. What holds them together is told before
/// what joins the same ones once more: many alike would else leave others without any.
fn edges(correlator: &Correlator, nodes: &[Node]) -> (Vec<Edge>, u64) {
    let places: HashMap<Node, u32> = nodes.iter().zip(0..).map(|(node, place)| (*node, place)).collect();
    let mut edges = Vec::new();
    for (node, place) in nodes.iter().zip(0_u32..) {
        for (other, kinds) in correlator.neighbours(*node) {
            let Some(other) = places.get(&other).filter(|other| **other > place) else { continue };
            let named = WEIGHTS.iter().enumerate().filter(|(kind, _)| kinds >> kind & 1 == 1);
            edges.push(Edge {
                between: [place, *other],
                kinds: named.map(|(_, (name, _))| (*name).to_owned()).collect(),
                weight_tenths: weight(kinds),
            });
        }
    }
    let strongest = |edge: &Edge| (std::cmp::Reverse(edge.weight_tenths), edge.between);
    edges.sort_by_key(strongest);
    let more = edges.len().saturating_sub(EDGES_TOLD_MAX);
    let (mut told, others) = forest(edges, nodes.len());
    told.extend(others);
    told.truncate(EDGES_TOLD_MAX);
    told.sort_by_key(strongest);
    (told, more as u64)
}

/// The pairs that hold others together, each the strongest that does (J. B. Kruskal, 1956), and the rest; in the order given.
fn forest(edges: Vec<Edge>, nodes: usize) -> (Vec<Edge>, Vec<Edge>) {
    let mut parts: Vec<u32> = (0..).take(nodes).collect();
    edges.into_iter().partition(|edge| {
        let [one, other] = edge.between.map(|place| parts[place as usize]);
        if one != other {
            parts.iter_mut().filter(|part| **part == other).for_each(|part| *part = one);
        }
        one != other
    })
}

/// What several alerts of a campaign share and are joined by.
fn shared(correlator: &Correlator, status: &str, known: &[&Known]) -> (Vec<Shared>, u64) {
    let mut counts: BTreeMap<Key, u64> = BTreeMap::new();
    known.iter().flat_map(|known| &known.keys).for_each(|key| *counts.entry(*key).or_default() += 1);
    let joins = |(key, alerts): &(Key, u64)| *alerts > 1 && correlator.joins(status, *key);
    let mut counts: Vec<(Key, u64)> = counts.into_iter().filter(joins).collect();
    counts.sort_by_key(|(key, alerts)| (std::cmp::Reverse(*alerts), *key));
    let more = counts.len().saturating_sub(SHARED_TOLD_MAX);
    let named = counts.into_iter().take(SHARED_TOLD_MAX).map(|((kind, token), alerts)| Shared {
        kind: WEIGHTS[usize::from(kind)].0.to_owned(),
        token: format!("{token:032x}"),
        alerts,
    });
    (named.collect(), more as u64)
}
