//! Clear values for those who are entitled to them: sealed, by the policy table, to the keys of the registry.
//!
//! - what is sealed is what the line at hand says clear; an entity that an alert has from earlier lines keeps what was sealed
//!   then, with the revision that it was sealed in;
//! - an entitled country without a key that counts gets nothing, and that is counted by country.

use std::collections::BTreeMap;

use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;

use crate::alert::{Alert, Entity};
use crate::incident::{Incident, Named};
use crate::policy::entitled::entitled;
use crate::policy::{Form, Question};
use crate::seal::{OpenError, Opener, Place, Sealed, Sealer};
use crate::trust::Trust;

/// Seals for the entitled.
#[derive(Debug)]
pub(crate) struct Disclosure {
    sealer: Sealer,
    /// Values that an entitled country could not be given, by country.
    without_key: BTreeMap<String, u64>,
}

impl Disclosure {
    pub(crate) fn new(sealer: Sealer) -> Self {
        Self { sealer, without_key: BTreeMap::new() }
    }

    pub(crate) const fn sealer(&mut self) -> &mut Sealer {
        &mut self.sealer
    }

    pub(crate) const fn without_key(&self) -> &BTreeMap<String, u64> {
        &self.without_key
    }

    /// Seals what an incident line says clear into the entities that its alert has of it.
    pub(crate) fn seal(
        &mut self,
        alert: &mut Alert,
        incident: &Incident,
        trust: &Trust,
        plans: &NumberPlans,
        now: Timestamp,
    ) {
        let source = alert.producer.uri();
        let sealed_in = format!("{}:{}", alert.incident_id, alert.revision);
        let of_alert = Of { source: &source, sealed_in: &sealed_in, home: &incident.home };
        for Named { entity_type, value, .. } in incident.named() {
            let token = trust.keys.newest(now).token(entity_type, value);
            let its = |entity: &&mut Entity| entity.entity_type == entity_type && entity.token == token;
            for entity in alert.entities.iter_mut().filter(its) {
                entity.sealed = self.sealed(&of_alert, entity, value, trust, plans, now).into_iter().collect();
            }
        }
    }

    fn sealed(
        &mut self,
        alert: &Of<'_>,
        entity: &Entity,
        value: &str,
        trust: &Trust,
        plans: &NumberPlans,
        now: Timestamp,
    ) -> Option<Sealed> {
        let country = entitled(plans, &entity.entity_type, &entity.role, value, alert.home)?;
        let question = Question { source: alert.source, field: &entity.entity_type, role: &entity.role };
        if !trust.policy.to_entitled(question, &country).shares(Form::Sealed) {
            return None;
        }
        let Some(known) = trust.registry.sealing_key(&country, now) else {
            *self.without_key.entry(country.to_string()).or_default() += 1;
            return None;
        };
        let field = field(entity);
        let place = Place { source: alert.source, sealed_in: alert.sealed_in, field: &field };
        self.sealer.seal(country.as_str(), &known.key, place, value, now).ok()
    }
}

/// What all sealed values of an alert share.
struct Of<'a> {
    source: &'a str,
    sealed_in: &'a str,
    home: &'a str,
}

/// Name of an entity's value in its alert.
fn field(entity: &Entity) -> String {
    format!("entities/{}/{}", entity.entity_type, entity.token)
}

impl Alert {
    /// The clear value of one of its entities, for who holds the key; none if nothing of it is sealed for that key.
    ///
    /// # Errors
    /// [`OpenError`] if it was changed or moved.
    pub fn open(&self, entity: &Entity, opener: &mut Opener) -> Option<Result<String, OpenError>> {
        let sealed = entity.sealed.iter().find(|sealed| sealed.key_id == opener.key_id())?;
        Some(opener.open(sealed, &self.producer.uri(), &field(entity)))
    }
}
