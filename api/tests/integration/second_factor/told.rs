//! Whoever's account is changed reads of it by mail: what, when, from where, and what to do.

use super::*;

const CHANGE: &str =
    "mutation($c: String!, $n: String!) { changePassword(input: {current: $c, new: $n}) { errors { code } } }";
const ASK: &str = "mutation($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }";
const RESET: &str =
    "mutation($s: String!, $p: String!) { resetPassword(input: {secret: $s, password: $p}) { done errors { code } } }";
const REMOVE_PASSKEY: &str =
    "mutation($i: ID!, $p: String!) { removePasskey(input: {id: $i, password: $p}) { errors { code } } }";

/// The subject of a mail.
fn subject(letter: &str) -> &str {
    let line = letter.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.expect("a subject")
}

/// The newest mail to the demo's person `user`, the `nth` in all.
async fn letter(world: &World, user: usize, nth: usize) -> String {
    let address = &world.demo.users[user].email;
    for _ in 0..500 {
        let mut letters = world.letters(address);
        if letters.len() >= nth {
            assert_eq!(letters.len(), nth, "{letters:?}");
            return letters.pop().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{address} was mailed {:?}", world.letters(address));
}

async fn a_person_is_told(kind: Kind) {
    let world = World::on(kind).await;
    let user = world.demo.users[1].clone();
    let Holder { client, secret, .. } = world.holder(1).await;
    let by_them = format!(
        "Whoever was signed in as {} did it on 15 January 2027, 08:0",
        user.email
    );
    let expect = async |nth: usize, about: &str, said: &[&str]| {
        let letter = letter(&world, 1, nth).await;
        assert_eq!(subject(&letter), about);
        for said in ["It was not me", "http://live.example.com/reset"].iter().chain(said) {
            // As text, and as HTML.
            assert!(letter.matches(said).count() >= 2, "{said} in {letter}");
        }
        // Mails are kept in the order of their moments.
        world.pass(Duration::from_secs(1));
    };
    expect(
        1,
        "An authenticator app was set up",
        &[&by_them, "from the address 192.0.2.77"],
    )
    .await;

    // What was refused changed nothing, and is not told.
    for (query, variables) in [
        (REMOVE, json!({ "p": "wrong" })),
        (RENEW, json!({ "p": "wrong" })),
        (CHANGE, json!({ "c": "wrong", "n": "a new password" })),
        (CONFIRM, json!({ "c": code(&secret, world.clock.now()) })),
    ] {
        let refused = client.ask(query, variables).await;
        assert!(refused.text.contains("\"code\""), "{query}: {}", refused.text);
    }
    client.data(RENEW, json!({ "p": user.password })).await;
    expect(2, "Your recovery codes were made anew", &[&by_them]).await;
    let id = make_passkey(&client, &mut Device::new(9)).await;
    expect(3, "A passkey was added", &[&by_them, "the passkey “Key” was added"]).await;
    client
        .data(REMOVE_PASSKEY, json!({ "i": id, "p": user.password }))
        .await;
    expect(4, "A passkey was removed", &[&by_them]).await;
    client.data(REMOVE, json!({ "p": user.password })).await;
    expect(5, "Your authenticator app was removed", &[&by_them]).await;
    client
        .data(CHANGE, json!({ "c": user.password, "n": "a new password" }))
        .await;
    expect(6, "Your password was changed", &[&by_them]).await;
    client.data(ASK, json!({ "e": user.email })).await;
    let link = world.mailed("reset", &user.email).await;
    world.pass(Duration::from_secs(1));
    client.data(RESET, json!({ "s": link, "p": "another password" })).await;
    let by_link = "Whoever had a link for choosing a new password did it on 15 January 2027, 08:0";
    expect(
        8,
        "Your password was changed",
        &[by_link, "from the address 192.0.2.77"],
    )
    .await;

    let settings = crate::harness::settings(&world.database);
    let entropy = link::Entropy::seeded(4_001);
    api::operator::reset_second_factor(&settings, world.clock.clone(), entropy, &user.email)
        .await
        .unwrap();
    let by_operator = "Whoever operates this installation did it on 15 January 2027, 08:0";
    expect(9, "Your second factor was reset", &[by_operator]).await;
    assert!(!letter(&world, 1, 9).await.contains("from the address"));
    for other in [0, 2, 3] {
        assert_eq!(world.letters(&world.demo.users[other].email), [""; 0]);
    }
}

#[tokio::test]
async fn a_person_is_mailed_what_was_changed_of_their_account_by_whom_when_and_from_where() {
    a_person_is_told(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_person_is_mailed_what_was_changed_of_their_account_by_whom_when_and_from_where_on_postgresql() {
    a_person_is_told(Kind::Postgres).await;
}

#[tokio::test]
async fn an_account_is_not_changed_where_its_person_cannot_be_told() {
    use sea_orm::ConnectionTrait;
    let world = World::new().await;
    let user = world.demo.users[1].clone();
    let holder = world.holder(1).await;
    letter(&world, 1, 1).await;
    let full = "CREATE TRIGGER full BEFORE INSERT ON mail BEGIN SELECT RAISE(ABORT, 'no room'); END";
    world.tables().await.execute_unprepared(full).await.unwrap();
    for (query, variables) in [
        (REMOVE, json!({ "p": user.password })),
        (RENEW, json!({ "p": user.password })),
        (CHANGE, json!({ "c": user.password, "n": "a new password" })),
    ] {
        assert_eq!(holder.client.code(query, variables).await, "INTERNAL", "{query}");
    }
    assert_eq!(outcome(&world.shows(1, json!({})).await), "challenge");
    assert_eq!(outcome(&holder.shows(&world, &holder.codes[0]).await), "in");
}
