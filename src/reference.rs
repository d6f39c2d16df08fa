//! Generated reference pages: `docs/reference/`.

use lancang_pattern::file::PatternFile;
use lancang_pattern::plan::Mode;

/// All pages: name and text. `files` are the pack's pattern files.
#[must_use]
pub fn pages(files: &[PatternFile]) -> Vec<(&'static str, String)> {
    vec![
        ("configuration.md", crate::config::reference()),
        ("metrics.md", crate::metrics::reference()),
        ("patterns.md", patterns(files)),
    ]
}

fn patterns(files: &[PatternFile]) -> String {
    let mut text = String::from(
        "# Patterns\n\nGenerated from `config/patterns/`; a test fails when this page is stale. Marks: [P] published \
         figure, [O] constant in open code, [F] stated by regulators, [S] starting value, to be calibrated.\n",
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
        for rule in &file.rules {
            text.push_str(&format!("- rule `{}`: `{}`\n", rule.id, rule.filter.value.trim()));
        }
        for source in &file.sources {
            text.push_str(&format!("- source: {source}\n"));
        }
    }
    text
}
