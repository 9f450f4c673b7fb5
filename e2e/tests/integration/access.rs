//! What is taken away is gone at once, for programs that others wrote: a client of graphql-ws, ffmpeg as a viewer.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::stage::{Home, Person, Server, foreign, publish};

/// A program that says what it does line by line.
struct Program {
    said: Lines<BufReader<ChildStdout>>,
    child: Child,
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo xtask setup` brings it");
        let said = BufReader::new(child.stdout.take().expect("its words")).lines();
        Self { said, child }
    }

    /// graphql-ws, as whoever is signed in.
    fn subscribes(server: &Server, person: &Person, query: &str) -> Self {
        let socket = format!("ws://{}/graphql", server.http_address());
        let cookie = person.cookie.trim_start_matches("cookie: ");
        Self::start(
            Command::new("node")
                .arg(foreign("subscribe.mjs"))
                .args([&socket, cookie, query]),
        )
    }

    /// ffmpeg, which watches and tells how far it is.
    fn watches(url: &str) -> Self {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-hide_banner", "-nostdin", "-loglevel", "quiet", "-progress", "pipe:1"]);
        Self::start(ffmpeg.args(["-stats_period", "0.1", "-i", url, "-c", "copy", "-f", "null", "-"]))
    }

    /// The next line; none where it has ended.
    async fn line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.said.next_line()).await;
        line.expect("it says something").expect("a pipe")
    }

    async fn hears(&mut self) -> Value {
        let line = self.line().await.expect("it goes on");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Waits until it has written so many more frames.
    async fn frames(&mut self, more: u64) {
        let mut first = None;
        loop {
            let line = self.line().await.expect("it goes on");
            if let Some(frames) = line.strip_prefix("frame=").and_then(|n| n.trim().parse::<u64>().ok())
                && frames >= *first.get_or_insert(frames) + more
            {
                return;
            }
        }
    }

    /// Waits until it ends by itself.
    async fn ends(mut self) {
        while self.line().await.is_some() {}
        timeout(PATIENCE, self.child.wait())
            .await
            .expect("it ends")
            .expect("an outcome");
    }
}

#[tokio::test]
async fn a_role_that_is_taken_away_ends_what_a_foreign_client_subscribed_to() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let outsider = Person::outsider(&server).await;
    let query = "subscription { live { viewers } }";
    for (mutation, input, code) in [
        ("changeRole", json!({ "role": "nanoReadOnly" }), "FORBIDDEN"),
        ("removeMember", json!({}), "NOT_FOUND"),
    ] {
        let user = Person::sign_in(&server, "user@northwind.example").await;
        let mut theirs = Program::subscribes(&server, &user, query);
        let mut others = Program::subscribes(&server, &outsider, query);
        for one in [&mut theirs, &mut others] {
            assert_eq!(one.hears().await["data"]["live"]["viewers"], 0);
        }
        let mut input = input;
        input["member"] = member(&admin, "user@northwind.example").await;
        admin.change(mutation, &input, "__typename").await;
        let last = theirs.hears().await;
        assert_eq!(last["errors"][0]["extensions"]["code"], code, "{mutation}: {last}");
        assert_eq!(theirs.hears().await, json!({ "complete": true }));
        theirs.ends().await;
        // Nobody else's ended: it says nothing, for nothing happened.
        assert!(others.child.try_wait().expect("a state").is_none(), "{mutation}");
    }
}

async fn member(admin: &Person, email: &str) -> Value {
    let query = "{ organisation { members { nodes { id email } } } }";
    let data = admin.ask(query, &json!({})).await;
    let nodes = data["organisation"]["members"]["nodes"].as_array().expect("members");
    nodes.iter().find(|one| one["email"] == email).expect("the member")["id"].clone()
}

#[tokio::test]
async fn suspension_ends_a_running_ffmpeg_and_not_the_one_of_another_organisation() {
    let home = Home::new();
    let server = home.demo().await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let (other, other_url) = outsider.create_stream(json!({ "alias": "other" })).await;
    let _encoder = publish(&other_url);
    let other_token = outsider.token_for(&other).await;
    outsider.until_playable(&other, &other_token).await;
    let (name, token) = (server.test().name(), admin.token_for(server.test().name()).await);
    let door = server.door(name, "stream.mp4", &token);
    let mut theirs = Program::watches(&server.door(&other, "stream.mp4", &other_token));
    let mut viewer = Program::watches(&door);
    viewer.frames(25).await;
    theirs.frames(25).await;

    let operator = |field: &str| {
        server.ready["operator"][field]
            .as_str()
            .expect("the operator")
            .to_owned()
    };
    let operator = Person::with_password(&server, &operator("email"), &operator("password")).await;
    let hash = name.split_once('-').expect("a hash").0;
    let suspended = operator.suspend(hash).await;
    assert_eq!(suspended["bytesAfter"], 0.0);
    viewer.ends().await;
    Program::watches(&door).ends().await;
    // The other organisation notices nothing.
    theirs.frames(25).await;
}

const PATIENCE: Duration = Duration::from_secs(30);
