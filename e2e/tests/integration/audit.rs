//! `portcullis audit verify`, as an auditor runs it, on a database that somebody wrote in with another program.

use std::{fs, process::Output};

use serde_json::json;

use crate::stage::{Home, Person, python};

#[tokio::test]
async fn an_auditor_is_told_the_first_broken_link_and_by_the_exit_code_that_there_is_one() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    for n in 0..6 {
        admin.create_stream(json!({ "title": format!("Title {n}") })).await;
    }
    let hash = server.test().name().split_once('-').expect("a hash").0.to_owned();
    let beside = verify(&home).await;
    assert_eq!(beside.status.code(), Some(0), "beside a running one: {beside:?}");
    assert!(server.stop().await.0.success());
    let intact = verify(&home).await;
    assert_eq!(intact.status.code(), Some(0), "{intact:?}");
    let last = edit(
        &home,
        "SELECT max(sequence) FROM audit_entry WHERE organisation_id = OWN",
        &hash,
    )
    .await;
    let last: u32 = last.parse().expect("a number");
    assert!(last > 6);

    let database = home.data().join("portcullis.db");
    let saved = fs::read(&database).expect("the database");
    let cut = format!(
        "DELETE FROM audit_entry WHERE organisation_id = OWN AND sequence > {}",
        last - 2
    );
    for (what, statements, broken) in [
        (
            "an altered entry",
            vec!["UPDATE audit_entry SET action = 'stream.read' WHERE organisation_id = OWN AND sequence = 3"],
            3,
        ),
        (
            "a removed entry",
            vec!["DELETE FROM audit_entry WHERE organisation_id = OWN AND sequence = 4"],
            4,
        ),
        ("a tail that was cut off", vec![&cut], last - 1),
        (
            "a tail that was cut off, and a chain that is told to end there",
            vec![
                &cut,
                "UPDATE audit_chain SET sequence = (SELECT max(sequence) FROM audit_entry WHERE organisation_id = OWN),
                 hash = (SELECT hash FROM audit_entry WHERE organisation_id = OWN ORDER BY sequence DESC LIMIT 1)
                 WHERE id = OWN",
            ],
            last - 1,
        ),
    ] {
        for statement in statements {
            let rows = edit(&home, statement, &hash).await;
            assert!(rows.parse::<u32>().is_ok_and(|rows| rows > 0), "{what}: {rows}");
        }
        let found = verify(&home).await;
        let said = String::from_utf8_lossy(&found.stdout).into_owned();
        assert_eq!(found.status.code(), Some(1), "{what}: {said}");
        let line = said.lines().find(|line| line.contains(&hash)).expect("the chain");
        let named = [" ", ":"].map(|end| format!("BROKEN at entry {broken}{end}"));
        assert!(named.iter().any(|named| line.contains(named)), "{what}: {line}");
        assert_eq!(
            said.lines().filter(|line| line.contains("intact")).count() + 1,
            said.lines().count(),
            "{what}: the other chains are whole: {said}"
        );
        fs::write(&database, &saved).expect("the database");
    }
    assert_eq!(verify(&home).await.status.code(), Some(0), "as it was");
    fs::remove_file(home.data().join("master.key")).expect("the key");
    assert_eq!(
        verify(&home).await.status.code(),
        Some(2),
        "without the key nothing is verified"
    );
}

async fn verify(home: &Home) -> Output {
    home.command(&["audit", "verify"], &[]).await
}

/// Runs a statement, in which `OWN` is the organisation's id, with Python's SQLite; what it gives, or how many rows.
async fn edit(home: &Home, statement: &str, hash: &str) -> String {
    const PROGRAM: &str = "import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
cursor = connection.execute(sys.argv[2])
row = cursor.fetchone()
connection.commit()
print(row[0] if row else cursor.rowcount)";
    let own = format!("(SELECT id FROM organisation WHERE hash = '{hash}')");
    let database = home.data().join("portcullis.db");
    let database = database.to_str().expect("a path");
    python(PROGRAM, &[database, &statement.replace("OWN", &own)]).await
}
