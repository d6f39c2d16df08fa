//! Generated reference pages: `docs/reference/`.

use lancang_pattern::file::PatternFile;
use lancang_pattern::plan::{EntityPlan, Mode, Plan};

/// All pages: name and text. `files` are the pack's pattern files, `plan` what they were compiled to.
#[must_use]
pub fn pages(files: &[PatternFile], plan: &Plan) -> Vec<(&'static str, String)> {
    vec![
        ("configuration.md", crate::config::reference()),
        ("metrics.md", crate::metrics::reference()),
        ("patterns.md", patterns(files, plan)),
    ]
}

fn patterns(files: &[PatternFile], plan: &Plan) -> String {
    let mut text = String::from(
        "# Patterns\n\nGenerated from `config/patterns/`; a test fails when this page is stale. Marks: [P] published \
         figure, [O] constant in open code, [F] stated by regulators, [S] starting value, to be calibrated.\n\nHow soon: the \
         mark, for 99 of 100, from when the record that is enough is sent to its incident under `read_committed`, at half of what \
         an instance can do. `cargo bench --bench end_to_end` measures it with one rule that is judged at each record and one that \
         is judged when a pane closes (`benches/RESULTS.md`). The allowed lateness is that of the record's feed: a minute on a \
         stream.\n",
    );
    for file in files {
        let entities: Vec<&str> = file.entities.iter().map(|entity| entity.entity.as_str()).collect();
        text.push_str(&format!(
            "\n## `{}` version {}\n\n{}. Family `{}`, entity {}.{}\n\n{}\n\n- needs: {}\n- blind: {}\n",
            file.id,
            file.version,
            file.title,
            file.family,
            entities.join(", "),
            match file.mode {
                Some(Mode::Live) => "",
                Some(Mode::Shadow) => " In shadow: judged and counted, not published.",
                None => " Off.",
            },
            file.description.trim(),
            file.requires.join(", "),
            file.blind
        ));
        for soon in how_soon(&file.id, plan) {
            text.push_str(&format!("- how soon: {soon}\n"));
        }
        for rule in &file.rules {
            text.push_str(&format!("- rule `{}`: `{}`\n", rule.id, rule.filter.value.trim()));
        }
        for source in &file.sources {
            text.push_str(&format!("- source: {source}\n"));
        }
    }
    text
}

/// When a pattern's incidents come, by where its entities are judged.
fn how_soon(pattern: &str, plan: &Plan) -> Vec<String> {
    // A rule of a pattern is named `pattern/rule`.
    let is_of = |id: &str| id == pattern || id.strip_prefix(pattern).is_some_and(|rule| rule.starts_with('/'));
    let entities = |plans: &[&EntityPlan]| {
        let mut names: Vec<&str> = plans.iter().map(|plan| plan.entity.as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    let mut said = Vec::new();
    let looks = |plan: &&EntityPlan| plan.patterns.iter().any(|one| is_of(&one.id));
    let local: Vec<&EntityPlan> = plan.local.iter().filter(looks).collect();
    if !local.is_empty() {
        said.push(format!("{}: within 250 ms", entities(&local)));
    }
    let panes = plan.aggregated.iter().flat_map(|of| of.patterns.iter().map(move |one| (of, one)));
    let mut panes: Vec<(i64, &EntityPlan)> =
        panes.filter(|(_, one)| is_of(&one.id)).map(|(of, one)| (one.pane_ms, of)).collect();
    panes.sort_by_key(|(pane_ms, of)| (*pane_ms, of.entity));
    for of_one_length in panes.chunk_by(|(one, _), (other, _)| one == other) {
        let plans: Vec<&EntityPlan> = of_one_length.iter().map(|(_, plan)| *plan).collect();
        let pane_s = of_one_length[0].0 / 1000;
        said.push(format!("{}: within the allowed lateness, one pane of {pane_s} s and 1 s", entities(&plans)));
    }
    said
}
