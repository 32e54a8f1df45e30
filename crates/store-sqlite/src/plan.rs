//! How the hot questions are answered: by stretches of an index, never by reading a table through.

use rusqlite::Connection;

use crate::{account, change, conversation, departure, log, open, receipt, summary};

/// The plan, a step a line, indented by depth.
fn plan(db: &Connection, sql: &str) -> String {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // What parameters are bound to does not matter to the plan.
    let steps = explain
        .raw_query()
        .mapped(|row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(3)?,
            ))
        })
        .collect::<rusqlite::Result<Vec<_>>>()
        .unwrap();
    let mut depths = std::collections::HashMap::from([(0, 0)]);
    let mut text = String::new();
    for (id, parent, step) in steps {
        let depth = depths[&parent];
        depths.insert(id, depth + 1);
        text.push_str(&"  ".repeat(depth));
        text.push_str(&step);
        text.push('\n');
    }
    text
}

/// Every hot question, by the name of the method that asks it.
const QUESTIONS: &[(&str, &str)] = &[
    ("history and sync, forwards", log::FORWARDS),
    ("history, backwards", log::BACKWARDS),
    ("history and sync, the bounds", log::BOUNDS),
    ("append, a repetition by its id", log::BY_ID),
    ("history, what has become of messages", change::STATES),
    ("history, the reactions", change::REACTIONS),
    ("history, the polls", crate::poll::POLLS),
    ("pins", change::PINS),
    ("summary, the last message", log::BY_SEQ),
    ("summary, unread", receipt::UNREAD),
    ("receipts, the markers", receipt::MARKERS),
    ("summaries, the first page", summary::FIRST_PAGE),
    ("summaries, a later page", summary::NEXT_PAGE),
    ("summary and members, a page", conversation::MEMBERS),
    ("presence, the acquainted", conversation::ACQUAINTED),
    ("people, a search", account::SEARCH),
    ("sync, who has taken somebody out", departure::REMOVAL),
];

#[test]
fn hot_questions_are_answered_from_indexes() {
    let db = open::in_memory().unwrap();
    let mut plans = String::new();
    for (name, sql) in QUESTIONS {
        let plan = plan(&db, sql);
        for step in plan.lines().filter(|step| step.trim().starts_with("SCAN")) {
            // What a search has hit, what is on a page, and what a limited subquery counts, are a few rows in memory and no table.
            assert!(
                step == "SCAN hit" || step == "SCAN page" || step.starts_with("SCAN (subquery"),
                "{name} reads through: {step}"
            );
        }
        for part in [name, "\n", &plan, "\n"] {
            plans.push_str(part);
        }
    }
    insta::assert_snapshot!(plans);
}
