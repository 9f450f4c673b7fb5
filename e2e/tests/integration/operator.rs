//! Platform operators: made on the command line beside a running installation; what they do reaches running sessions.

use serde_json::{Value, json};

use crate::stage::{Home, JSON, Person, Server, Viewer, curl, get, python};

/// The second organisation's administrator, made a platform operator while everything runs.
async fn operator(home: &Home, server: &Server) -> Person {
    let email = "admin@southgate.example";
    let made = home.command(&["operator", "create"], &["--email", email]).await;
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    // The link leads to who runs, wherever that was told to listen.
    let link = format!("{}/reset#", server.http().trim_end_matches('/'));
    assert!(made.status.success() && said.contains(&link), "{made:?}");
    Person::sign_in(server, email).await
}

#[tokio::test]
async fn suspending_an_organisation_ends_its_viewers_and_its_publisher_at_once_and_resuming_lets_them_back() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let token = admin.token_for(server.test().name()).await;
    let socket = server.socket(server.test().name(), &token);
    let mut viewer = Viewer::open(&socket).await;
    viewer.watch(20).await;
    let operator = operator(&home, &server).await;
    let suspended = operator.suspend(&hash).await;
    assert!(suspended["sessionsEnded"].as_u64() >= Some(2), "{suspended}");
    assert_eq!(suspended["bytesAfter"], 0.0);
    let (code, reason, _) = viewer.last_word().await;
    assert_eq!((code, reason.as_str()), (4470, "ORGANISATION_SUSPENDED"));
    let playlist = server.door(server.test().name(), "index.m3u8", &token);
    assert_eq!(get(&playlist).await.reason().as_deref(), Some("ORGANISATION_SUSPENDED"));
    let refused = admin.answer("{ organisation { name } }", &json!({})).await;
    assert_eq!(refused["errors"][0]["extensions"]["reason"], "ORGANISATION_SUSPENDED");
    operator
        .change("resumeOrganisation", &json!({ "organisation": hash }), "change { id }")
        .await;
    admin.until_playable(server.test().name(), &token).await;
    let mut viewer = Viewer::open(&socket).await;
    viewer.watch(5).await;
}

#[tokio::test]
async fn a_package_that_is_given_back_ends_sessions_that_have_no_token() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let hash = server.test().name()[..5].to_owned();
    let operator = operator(&home, &server).await;
    let set = async |enabled: bool| {
        let input = json!({ "organisation": hash, "package": "SECURE", "enabled": enabled });
        operator.change("setPackage", &input, "change { sessionsEnded }").await
    };
    let token = admin.token_for(server.test().name()).await;
    set(false).await;
    // Without the package playback is open.
    let socket = server.socket(server.test().name(), "");
    let mut open = Viewer::open(socket.trim_end_matches("?token=")).await;
    open.watch(5).await;
    let mut proven = Viewer::open(&server.socket(server.test().name(), &token)).await;
    proven.watch(5).await;
    set(true).await;
    let (code, reason, _) = open.last_word().await;
    assert_eq!((code, reason.as_str()), (4401, "TOKEN_MISSING"));
}

#[tokio::test]
async fn secure_playback_that_an_organisation_switches_on_ends_sessions_that_have_no_token() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let token = admin.token(json!({ "organisation": true })).await;
    let playing = async |input: Value| {
        let (name, _) = admin.create_stream(input).await;
        admin.on_stream("startTestSource", &name).await;
        admin.until_playable(&name, &token).await;
        name
    };
    let name = playing(json!({})).await;
    let own = playing(json!({ "securePlayback": "OPEN" })).await;
    let name = name.as_str();
    let set = async |secure: bool| {
        let wanted = "change { sessionsEnded bytesAfter nodes { acknowledged } }";
        let input = json!({ "securePlayback": secure });
        admin.change("updateSettings", &input, wanted).await["change"].clone()
    };
    assert_eq!(set(false).await["sessionsEnded"], 0);
    let door = |stream: &str, door: &str| format!("{}/live/{stream}/{door}", server.http());
    let watch = async |url: &str| {
        let mut viewer = Viewer::open(&url.replacen("http", "ws", 1)).await;
        viewer.watch(5).await;
        viewer
    };
    let mut bare = watch(&door(name, "ws")).await;
    // Who does not read is cut off without a word.
    let last = tokio::spawn(async move { bare.last_word().await });
    let mut proven = watch(&format!("{}?token={token}", door(name, "ws"))).await;
    let mut spared = watch(&door(&own, "ws")).await;
    assert_eq!(get(&door(name, "index.m3u8")).await.status, 200);

    let change = set(true).await;
    // By WebSocket and by HLS.
    assert_eq!(
        (&change["sessionsEnded"], &change["bytesAfter"]),
        (&json!(2), &json!(0.0))
    );
    assert_eq!(change["nodes"], json!([{ "acknowledged": true }]));
    let (code, reason, _) = last.await.expect("a last word");
    assert_eq!((code, reason.as_str()), (4401, "TOKEN_MISSING"));
    let told = get(&door(name, "index.m3u8")).await;
    assert_eq!((told.status, told.reason().as_deref()), (401, Some("TOKEN_MISSING")));
    // Neither who has a token, nor where the stream says itself that it is open.
    proven.watch(30).await;
    spared.watch(30).await;
}

/// The code that an authenticator app shows for a secret.
async fn code(secret: &str) -> String {
    const APP: &str = "import base64, hmac, struct, sys, time
secret = base64.b32decode(sys.argv[1])
digest = hmac.digest(secret, struct.pack('>Q', int(time.time()) // 30), 'sha1')
at = digest[-1] & 15
print(f'{(struct.unpack(\">I\", digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06}')";
    python(APP, &[secret]).await
}

#[tokio::test]
async fn a_lost_second_factor_is_reset_on_the_machine_and_its_person_is_mailed() {
    let home = Home::new();
    let server = home.demo().await;
    let email = "user@northwind.example";
    let user = Person::sign_in(&server, email).await;
    let begun = user.change("beginTotp", &json!({}), "secret").await;
    let code = code(begun["secret"].as_str().expect("a secret")).await;
    user.change("confirmTotp", &json!({ "code": code }), "recoveryCodes")
        .await;
    let users = server.ready["users"].as_array().expect("users");
    let password = &users.iter().find(|one| one["email"] == email).expect("that user")["password"];
    let sign_in = async || {
        let query = "mutation($i: SignInInput!) { signIn(input: $i) { viewer { email } challenge { totp } } }";
        let body = json!({ "query": query, "variables": { "i": { "email": email, "password": password } } });
        let graphql = server.ready["graphql"].as_str().expect("an address");
        let answer = curl(&["--header", JSON, graphql], Some(&body.to_string())).await;
        answer.json()["data"]["signIn"].clone()
    };
    let wanted = sign_in().await;
    assert_eq!(wanted, json!({ "viewer": null, "challenge": { "totp": true } }));

    let reset = async |email: &str| {
        let done = home
            .command(&["operator", "reset-second-factor"], &["--email", email])
            .await;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), said(&done.stdout), said(&done.stderr))
    };
    for (address, why) in [
        (
            "nobody@northwind.example",
            "nobody has the address `nobody@northwind.example`",
        ),
        ("nonsense", "`nonsense` is not an email address"),
    ] {
        let (exit, out, complaint) = reset(address).await;
        assert_eq!((exit, out.as_str()), (Some(1), ""));
        assert!(
            complaint.contains("nobody was changed") && complaint.contains(why),
            "{complaint}"
        );
    }
    assert_eq!(sign_in().await, wanted, "nothing was changed");

    let (exit, out, complaint) = reset("User@Northwind.example").await;
    assert_eq!(exit, Some(0), "{complaint}");
    assert!(out.contains("has no second factor any more"), "{out}");
    assert_eq!(
        sign_in().await,
        json!({ "viewer": { "email": email }, "challenge": null })
    );
    let signed_out = user.answer("{ viewer { email } }", &json!({})).await;
    assert_eq!(signed_out["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

    // The running installation mails what the command wrote down.
    let letter = home.letter(email, "Your second factor was reset").await;
    for said in [&letter.text, &letter.html] {
        for words in [
            email,
            "Whoever operates this installation did it on",
            "It was not me",
            "/reset",
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }
    let set_up = home.letter(email, "An authenticator app was set up").await;
    assert!(set_up.text.contains("from the address 127.0.0.1"), "{}", set_up.text);
    assert_eq!(home.letters(email).await.len(), 2);
}
