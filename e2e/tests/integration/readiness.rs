//! Whoever balances load asks whether it is ready: it is not while it could keep nothing, or could tell its nodes nothing.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::stage::{Home, PYTHON, free_port, get, python, until};

/// Somebody else holds the database's only right to write, until their process ends.
async fn hold(database: &str) -> Child {
    const PROGRAM: &str = "import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute('BEGIN IMMEDIATE')
print('held', flush=True)
time.sleep(600)";
    let mut holder = Command::new(PYTHON)
        .args(["-c", PROGRAM, database])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("`cargo xtask setup` brings Python");
    let said = holder.stdout.take().expect("what it says");
    let held = BufReader::new(said).lines().next_line().await.expect("a line");
    assert_eq!(held.as_deref(), Some("held"));
    holder
}

async fn change(database: &str, statement: &str) {
    const PROGRAM: &str = "import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60)
connection.execute(sys.argv[2])
connection.commit()";
    python(PROGRAM, &[database, statement]).await;
}

#[tokio::test]
async fn it_is_ready_only_while_it_can_keep_changes_and_tell_its_nodes() {
    let home = Home::new();
    let ops = free_port();
    let _server = home.demo_with(&format!("[ops]\naddress = \"{ops}\"\n")).await;
    let ready = async || get(&format!("http://{ops}/readyz")).await;
    let says = async |status: u16| {
        until(&format!("/readyz says {status}"), async || {
            (ready().await.status == status).then_some(())
        })
        .await;
    };
    let database = home.data().join("portcullis.db");
    let database = database.to_str().expect("a path");
    assert_eq!((ready().await.status, ready().await.text().as_str()), (200, "ready\n"));

    // No write is taken.
    let mut holder = hold(database).await;
    let answer = ready().await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "not ready\n"));
    assert_eq!(get(&format!("http://{ops}/healthz")).await.text(), "alive\n");
    holder.kill().await.expect("it ran until now");
    says(200).await;

    // What nodes are to be told cannot be read.
    change(database, "ALTER TABLE outbox RENAME TO outbox_elsewhere").await;
    assert_eq!(ready().await.status, 503);
    change(database, "ALTER TABLE outbox_elsewhere RENAME TO outbox").await;
    says(200).await;
    // One that says nothing that can be read, as another version of the program might have left it.
    change(
        database,
        "INSERT INTO outbox (organisation_id, change_id, updates, created_at) SELECT id, id, '\"?\"', 1 FROM organisation LIMIT 1",
    )
    .await;
    assert_eq!(ready().await.status, 503);
    change(database, "DELETE FROM outbox WHERE delivered_at IS NULL").await;
    says(200).await;
}
