//! What makes an alert of an incident line, as the policy lets it leave: without a number yet.

use std::sync::Arc;

use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use lancang_record::number::E164;

use crate::action;
use crate::alert::{Alert, DAY_MS, Entity, Grouped, HomeLine, Reason, Source, Victims};
use crate::catalogue::{Catalogue, measures};
use crate::evidence::Evidence;
use crate::handling::Terms;
use crate::incident::{Incident, Named};
use crate::limits::{ACTIONABLE_DAYS, RELATED_MAX, VICTIMS_MIN};
use crate::links;
use crate::mask::{HIDDEN_MIN, mask};
use crate::place::{self, Sites};
use crate::policy::{Form, Question};
use crate::registry::Holder;
use crate::token::Token;
use crate::trust::Trust;

/// What all alerts of a source share.
#[derive(Debug)]
pub struct Desk {
    /// Number plans, for countries and prefixes.
    pub plans: NumberPlans,
    /// Keys of tokens and signatures.
    pub trust: Arc<Trust>,
    /// Version of the program.
    pub engine_version: String,
    /// Status, recipients and desk.
    pub terms: Terms,
    /// What is known of the patterns.
    pub catalogue: Catalogue,
    /// Where cells stand.
    pub sites: Sites,
}

impl Desk {
    /// An alert of an incident line, without a number yet; none if the policy lets nothing of what it is about leave.
    #[must_use]
    pub fn alert(
        &self,
        source: &Source,
        incident: &Incident,
        detected: Timestamp,
        published: Timestamp,
    ) -> Option<Alert> {
        let entities = self.entities(source, incident, published)?;
        Some(self.saying(source, incident, entities, detected, published))
    }

    /// The end of an incident that was shared: also where the policy lets nothing of what it is about leave any more, and names
    /// nobody then.
    #[must_use]
    pub fn end(&self, source: &Source, incident: &Incident, detected: Timestamp, published: Timestamp) -> Alert {
        let entities = self.entities(source, incident, published).unwrap_or_default();
        self.saying(source, incident, entities, detected, published)
    }

    /// What an incident is about, then what it names, as the policy lets them leave.
    fn entities(&self, source: &Source, incident: &Incident, published: Timestamp) -> Option<Vec<Entity>> {
        let uri = source.uri();
        let about = self.entity(&uri, &incident.primary(), published)?;
        let related = incident.named().skip(1).take(RELATED_MAX);
        let related = related.filter_map(|named| self.entity(&uri, &named, published));
        Some(std::iter::once(Entity { about: true, ..about }).chain(related).collect())
    }

    fn saying(
        &self,
        source: &Source,
        incident: &Incident,
        entities: Vec<Entity>,
        detected: Timestamp,
        published: Timestamp,
    ) -> Alert {
        let (pattern, version) = incident.pattern();
        let uri = source.uri();
        let leaves = |named: &Named<'_>| self.token_leaves(&uri, named.entity_type, named.role);
        let victims = Victims { country: incident.home.clone(), count: incident.victims };
        let facts = self.catalogue.get(pattern, version);
        let reasons = self.reasons(incident);
        // How many of them are in which country the line does not say.
        let may_be_abroad = facts.is_some_and(|facts| facts.victims_abroad) && !self.is_call_from_abroad(incident);
        let tells_victims = incident.victims >= VICTIMS_MIN && !may_be_abroad;
        Alert {
            incident_id: incident.incident_id.clone(),
            revision: incident.revision,
            message: incident.message.as_str().to_owned(),
            status: self.terms.status.clone(),
            sequence: 0,
            first_event: incident.first_event.clone(),
            last_event: incident.last_event.clone(),
            detected: detected.to_string(),
            published: published.to_string(),
            opened: None,
            window_s: incident.window_s,
            actionable_until: published.plus_ms(ACTIONABLE_DAYS * DAY_MS).to_string(),
            pattern: pattern.to_owned(),
            pattern_version: version,
            pattern_hash: facts.and_then(|facts| facts.hash.clone()),
            patterns: incident.patterns.clone(),
            engine_version: self.engine_version.clone(),
            producer: source.clone(),
            category: incident.family.clone(),
            tags: facts.map(|facts| facts.tags.clone()).unwrap_or_default(),
            rule: incident.rule.clone(),
            severity: incident.severity,
            score: incident.score,
            confidence: self.terms.confidence.get(pattern).copied(),
            measures: measures(&reasons),
            reasons,
            entities,
            place: place::of(incident, self.trust.keys.newest(published), &self.sites, leaves),
            victims: if tells_victims { vec![victims] } else { Vec::new() },
            links: links::of(incident, &self.trust.keys, published, leaves),
            grouped: Some(Grouped {
                count: 1,
                line: Some(HomeLine {
                    incident_id: incident.incident_id.clone(),
                    revision: incident.revision,
                    message: incident.message.as_str().to_owned(),
                }),
                merged_into: None,
            }),
            evidence: Evidence { count: incident.evidence.len() as u64, ..Evidence::default() },
            action: Some(action::of(incident, &self.terms)),
            verdict: None,
            cancel: None,
            handling: self.terms.handling(published),
        }
    }

    /// Whether it is about a number of another country, which reaches the home network's subscribers.
    fn is_call_from_abroad(&self, incident: &Incident) -> bool {
        let Named { entity_type, value, .. } = incident.primary();
        let country = mask(&self.plans, entity_type, value).country;
        entity_type == "caller" && country.is_some_and(|country| country.to_string() != incident.home)
    }

    /// An incident's reasons; of those that count its victims none that counts fewer than may be told.
    pub(crate) fn reasons(&self, incident: &Incident) -> Vec<Reason> {
        let tells_of_few = |reason: &&crate::incident::Reason| {
            let facts = self.catalogue.of_incident(&incident.patterns, &reason.pattern);
            facts.is_some_and(|facts| facts.victims.contains(&reason.code)) && reason.value < VICTIMS_MIN as f64
        };
        incident
            .reasons
            .iter()
            .filter(|reason| !tells_of_few(reason))
            .map(|reason| self.reason(incident, reason))
            .collect()
    }

    fn reason(&self, incident: &Incident, reason: &crate::incident::Reason) -> Reason {
        Reason {
            pattern: reason.pattern.clone(),
            code: reason.code.clone(),
            value: reason.value,
            unit: self.catalogue.unit(&incident.patterns, &reason.pattern, &reason.code).map(str::to_owned),
            threshold: reason.threshold,
        }
    }

    fn token_leaves(&self, source: &str, entity_type: &str, role: &str) -> bool {
        self.trust.policy.to_all(Question { source, field: entity_type, role }).shares(Form::Token)
    }

    /// Takes out of an alert what the policy does not let leave: also what an earlier policy let.
    pub(crate) fn trim(&self, alert: &mut Alert) {
        let source = alert.producer.uri();
        let leaves = |field: &str| self.trust.policy.leaves(&source, field);
        let mut first = true;
        // What it is about stays, or nobody would know what has ended; nothing but its token is left of it then.
        alert.entities.retain_mut(|entity| {
            let is_primary = std::mem::take(&mut first);
            self.trim_entity(&source, entity) || is_primary
        });
        if !leaves("reasons") {
            alert.reasons.clear();
        }
        if !leaves("measures") {
            alert.measures.clear();
        }
        if !leaves("victims") {
            alert.victims.clear();
        }
        alert.place = alert.place.take().filter(|_| leaves("place"));
        alert.links = alert.links.take().filter(|_| leaves("links"));
    }

    /// Takes out of an entity what the policy does not let leave; false if nothing of it does.
    fn trim_entity(&self, source: &str, entity: &mut Entity) -> bool {
        let policy = &self.trust.policy;
        let question = Question { source, field: &entity.entity_type, role: &entity.role };
        let to_all = policy.to_all(question);
        let leaves = |field: &str| policy.leaves(source, field);
        entity.country.take_if(|_| !leaves("country"));
        entity.range_holder.take_if(|_| !leaves("range_holder"));
        entity.masked.take_if(|_| !to_all.shares(Form::Masked));
        entity.prefix.take_if(|_| !leaves("prefix"));
        entity.tac.take_if(|_| !leaves("tac"));
        entity.value.take_if(|_| !to_all.shares(Form::Clear));
        entity.sealed.retain(|sealed| {
            let country = Holder::parse(&sealed.to);
            country.is_some_and(|country| policy.to_entitled(question, &country).shares(Form::Sealed))
        });
        to_all.shares(Form::Token)
    }

    /// Who was assigned a number's range.
    fn range_holder(&self, named: &Named<'_>) -> Option<String> {
        let is_number = matches!(named.entity_type, "caller" | "callee" | "block");
        let number = named.value.strip_prefix('+').filter(|_| is_number).and_then(E164::from_digits)?;
        let (holder, digits) = self.trust.portability.range(number)?;
        // A narrower range would tell more than the mask does.
        (number.len().saturating_sub(digits) as usize >= HIDDEN_MIN).then(|| holder.to_string())
    }

    /// An entity as the policy lets it leave; none without its token.
    fn entity(&self, source: &str, named: &Named<'_>, published: Timestamp) -> Option<Entity> {
        let policy = &self.trust.policy;
        let Named { entity_type, role, value } = *named;
        let decision = policy.to_all(Question { source, field: entity_type, role });
        if !decision.shares(Form::Token) {
            return None;
        }
        let leaves = |field: &str| policy.leaves(source, field);
        let mask = mask(&self.plans, entity_type, value);
        let mut tokens = self.trust.keys.tokens(entity_type, value, published);
        let Token { token, key_id } = tokens.next().unwrap_or_default();
        Some(Entity {
            entity_type: entity_type.to_owned(),
            role: role.to_owned(),
            about: false,
            token,
            key_id,
            also: tokens.collect(),
            country: mask.country.map(|country| country.to_string()).filter(|_| leaves("country")),
            range_holder: self.range_holder(named).filter(|_| leaves("range_holder")),
            masked: mask.masked.filter(|_| decision.shares(Form::Masked)),
            prefix: mask.prefix.filter(|_| leaves("prefix")),
            tac: mask.tac.filter(|_| leaves("tac")),
            value: decision.shares(Form::Clear).then(|| value.to_owned()),
            sealed: Vec::new(),
        })
    }
}
