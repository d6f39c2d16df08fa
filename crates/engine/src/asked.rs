//! What the pack in force asks of a record task besides its plans.

use lancang_pattern::Pack;
use lancang_pattern::needs::{Needs, filters_of_phases};
use lancang_pattern::plan::EntityPlan;
use lancang_record::record::{Phase, Record};

/// Derived from a pack.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What must be known of subscribers.
    pub needs: Needs,
    /// For each local plan the filters that calls which have not ended may pass.
    local: Vec<u64>,
    /// The same of aggregated plans.
    aggregated: Vec<u64>,
    phases: bool,
}

impl Asked {
    /// What a pack asks.
    #[must_use]
    pub fn by(pack: &Pack) -> Self {
        let of = |plans: &[EntityPlan]| plans.iter().map(filters_of_phases).collect::<Vec<u64>>();
        let (local, aggregated) = (of(&pack.plan.local), of(&pack.plan.aggregated));
        let phases = local.iter().chain(&aggregated).any(|filters| *filters != 0);
        Self { needs: Needs::of(&pack.plan), local, aggregated, phases }
    }

    /// Whether any pattern looks at a record's phase.
    #[must_use]
    pub const fn looks_at(&self, record: &Record<'_>) -> bool {
        matches!(record.phase, Phase::End) || self.phases
    }

    /// Filters of a local plan that a record may pass, by its phase.
    #[must_use]
    pub fn local(&self, plan: usize, record: &Record<'_>) -> u64 {
        of_phase(&self.local, plan, record)
    }

    /// Filters of an aggregated plan that a record may pass, by its phase.
    #[must_use]
    pub fn aggregated(&self, plan: usize, record: &Record<'_>) -> u64 {
        of_phase(&self.aggregated, plan, record)
    }
}

fn of_phase(filters: &[u64], plan: usize, record: &Record<'_>) -> u64 {
    if record.phase == Phase::End { u64::MAX } else { filters.get(plan).copied().unwrap_or(0) }
}

/// Of the filters that a record passes those that may see it; none where only the union of all is left.
#[must_use]
pub const fn seen_by(passes: u64, filters: u64) -> u64 {
    let seen = passes & filters;
    if seen == 1 && filters != u64::MAX { 0 } else { seen }
}
