//! From an incident line to warnings: the relay's.

use std::collections::BTreeMap;

use lancang_record::Timestamp;
use lancang_record::number::E164;

use super::{Warning, WarningMessage, field};
use crate::action;
use crate::alert::Source;
use crate::desk::Desk;
use crate::incident::{Incident, Message};
use crate::limits::{ACTIONABLE_DAYS, VICTIMS_NAMED_MAX};
use crate::policy::{Form, Question};
use crate::registry::Holder;
use crate::relay::{Outcome, Relay, Withheld};
use crate::seal::{Place, Sealer};

const DAY_MS: i64 = 86_400_000;

/// Victims whom nobody could be told of, since the relay began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uncarried {
    /// No row of the portability table fits their number.
    pub unknown: u64,
    /// Their carrier has no sealing key that counts.
    pub without_key: u64,
    /// The policy table drops them.
    pub dropped: u64,
}

impl Uncarried {
    /// Names and values, for metrics.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u64); 3] {
        [("no-carrier", self.unknown), ("no-key", self.without_key), ("policy", self.dropped)]
    }
}

impl Relay {
    /// Warnings of an incident line, whose alerts were made just before: `outcome`. A pattern's budget and what the policy
    /// lets everyone know say nothing of whether a victim is warned; a repeat warns nobody again.
    pub fn warnings(
        &mut self,
        bytes: &[u8],
        outcome: &Outcome,
        detected: Timestamp,
        now: Timestamp,
    ) -> Vec<(Warning, WarningMessage)> {
        let alert = match outcome {
            Outcome::Shared(made) => made.last().map(|(alert, _)| format!("{}:{}", alert.incident_id, alert.revision)),
            Outcome::Withheld(Withheld::Budget | Withheld::Policy | Withheld::Victims, _) => None,
            Outcome::Withheld(..) => return Vec::new(),
        };
        let Ok(incident) = Incident::read(bytes) else { return Vec::new() };
        if incident.message == Message::Close || incident.victims_named().next().is_none() {
            return Vec::new();
        }
        let Some(source) = self.sources.get(&incident.home) else { return Vec::new() };
        let incident = Incident { incident_id: self.id_abroad(&incident.incident_id, now), ..incident };
        let alert = alert.or_else(|| self.newest_of(&incident.incident_id));
        let made = self.desk.warnings(source, &incident, detected, now, self.disclosure.sealer(), &mut self.uncarried);
        let with_alert = made.into_iter().map(|warning| Warning { alert: alert.clone(), ..warning });
        let signer = self.desk.trust.signer_of(source);
        with_alert.map(|warning| (warning.clone(), warning.signed(signer))).collect()
    }

    /// Victims whom nobody could be told of.
    #[must_use]
    pub const fn uncarried(&self) -> Uncarried {
        self.uncarried
    }
}

impl Desk {
    /// Warnings of an incident, one for each carrier.
    fn warnings(
        &self,
        source: &Source,
        incident: &Incident,
        detected: Timestamp,
        published: Timestamp,
        sealer: &mut Sealer,
        uncarried: &mut Uncarried,
    ) -> Vec<Warning> {
        let of_carriers = self.by_carrier(source, incident, published, uncarried);
        let mut warnings = Vec::new();
        for (carrier, numbers) in of_carriers {
            let Some(known) = self.trust.registry.sealing_key(&carrier, published) else { continue };
            let mut warning = self.warning(source, incident, &carrier, detected, published);
            let (uri, id) = (source.uri(), warning.id());
            for (number, value) in numbers.into_iter().enumerate() {
                let field = field(number);
                let place = Place { source: &uri, sealed_in: &id, field: &field };
                // A key that nothing can be sealed to is none.
                match sealer.seal(carrier.as_str(), &known.key, place, value, published) {
                    Ok(sealed) => warning.victims.push(sealed),
                    Err(_) => uncarried.without_key += 1,
                }
            }
            if !warning.victims.is_empty() {
                warnings.push(warning);
            }
        }
        warnings
    }

    /// Victims that may be told of, by their carriers.
    fn by_carrier<'i>(
        &self,
        source: &Source,
        incident: &'i Incident,
        now: Timestamp,
        uncarried: &mut Uncarried,
    ) -> BTreeMap<Holder, Vec<&'i str>> {
        let uri = source.uri();
        let mut by_carrier: BTreeMap<Holder, Vec<&str>> = BTreeMap::new();
        for named in incident.victims_named().take(VICTIMS_NAMED_MAX) {
            let Some(number) = named.value.strip_prefix('+').and_then(E164::from_digits) else { continue };
            let Some(carrier) = self.trust.portability.current(number) else {
                uncarried.unknown += 1;
                continue;
            };
            let question = Question { source: &uri, field: named.entity_type, role: named.role };
            if !self.trust.policy.to_carrier(question).shares(Form::Sealed) {
                uncarried.dropped += 1;
                continue;
            }
            if self.trust.registry.sealing_key(carrier, now).is_none() {
                uncarried.without_key += 1;
                continue;
            }
            by_carrier.entry(carrier.clone()).or_default().push(named.value);
        }
        by_carrier
    }

    fn warning(
        &self,
        source: &Source,
        incident: &Incident,
        carrier: &Holder,
        detected: Timestamp,
        published: Timestamp,
    ) -> Warning {
        let (pattern, version) = incident.pattern();
        let action = action::of(incident, &self.terms);
        let unnamed = incident.victims.saturating_sub(incident.victims_named().count() as u64);
        Warning {
            incident_id: incident.incident_id.clone(),
            revision: incident.revision,
            message: incident.message.as_str().to_owned(),
            alert: None,
            status: self.terms.status.clone(),
            to: carrier.to_string(),
            first_event: incident.first_event.clone(),
            last_event: incident.last_event.clone(),
            detected: detected.to_string(),
            published: published.to_string(),
            actionable_until: published.plus_ms(ACTIONABLE_DAYS * DAY_MS).to_string(),
            pattern: pattern.to_owned(),
            pattern_version: version,
            category: incident.family.clone(),
            severity: incident.severity,
            score: incident.score,
            reasons: self.reasons(incident),
            producer: source.clone(),
            victims: Vec::new(),
            unnamed: (unnamed > 0).then_some(unnamed),
            recommended: action.recommended,
            contact: action.contact,
            handling: self.terms.handling(published),
        }
    }
}
