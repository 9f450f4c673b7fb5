//! Mail as an installation has it: a server of the operator's, with a certificate of the operator's authority, by the keys of
//! the configuration file.

use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::{Duration, timeout},
};

use crate::stage::{Authority, Home, JSON, MailServer, Person, curl, free_port, until};

/// One that wants STARTTLS and a login.
async fn mail_server(authority: &Authority) -> MailServer {
    let [certificate, key] = authority.signs().await;
    let tls = ["--security", "starttls", "--certificate", &certificate, "--key", &key];
    let login = ["--user", "portcullis", "--password", PASSWORD];
    MailServer::start(&[&tls[..], &login].concat()).await
}

/// The section of the configuration that leads there.
fn section(server: &MailServer, more: &str) -> String {
    let port = server.port;
    format!(
        "[mail]\nfrom = \"Video <video@example.com>\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"starttls\"\n\
         user = \"portcullis\"\npassword = \"{PASSWORD}\"\n{more}\n"
    )
}

/// An installation, not a demo; where its GraphQL is.
struct Installation {
    home: Home,
    _child: Child,
    graphql: String,
}

impl Installation {
    async fn start(section: &str) -> Self {
        let (home, http) = (Home::new(), free_port().to_string());
        let file = home.path("portcullis.toml");
        std::fs::write(&file, section).expect("a file");
        let file = file.to_str().expect("a path");
        let child = home.spawn(&["--http", &http, "--rtmp", "127.0.0.1:0", "--config", file]);
        let graphql = format!("http://{http}/graphql");
        let jwks = format!("http://{http}/.well-known/jwks.json");
        until("it answers", async || {
            let asked = Command::new("curl").args(["--silent", "--fail", &jwks]).output().await;
            asked.expect("curl").status.success().then_some(())
        })
        .await;
        Self {
            home,
            _child: child,
            graphql,
        }
    }

    /// Asks as nobody in particular.
    async fn ask(&self, query: &str, input: Value) -> Value {
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let answer = curl(&["--header", JSON, &self.graphql], Some(&body)).await.json();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// The first operator, made on the command line.
    async fn operator(&self) -> Person {
        let file = self.home.path("portcullis.toml");
        let made = self
            .home
            .command(
                &["operator", "create"],
                &["--email", OPERATOR, "--config", file.to_str().expect("a path")],
            )
            .await;
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        let reset = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { done errors { code } } }";
        let chosen = json!({ "secret": secret(&said), "password": "correct horse" });
        let done = self.ask(reset, chosen).await;
        assert_eq!(done["resetPassword"]["done"], true, "{done}");
        Person::at(&self.graphql, OPERATOR, "correct horse").await
    }
}

/// What stands behind the `#` of a link.
fn secret(text: &str) -> String {
    let (_, rest) = text.split_once('#').unwrap_or_else(|| panic!("no link in {text}"));
    rest.chars().take_while(|c| !c.is_whitespace()).collect()
}

#[tokio::test]
async fn an_installation_mails_by_the_keys_of_its_configuration_file_and_the_mailed_link_lets_in() {
    let authority = Authority::new().await;
    let mut server = mail_server(&authority).await;
    let section = section(&server, &format!("ca_file = \"{}\"", authority.certificate()));
    let installation = Installation::start(&section).await;
    let operator = installation.operator().await;
    let told = server.next().await;
    assert_eq!((&told["to"], &told["encrypted"]), (&json!([OPERATOR]), &json!(true)));
    assert!(
        told["text"]
            .as_str()
            .is_some_and(|text| text.contains("a new password was chosen"))
    );

    let input = json!({ "name": "Harbour TV", "adminEmail": "ines@example.com" });
    operator
        .change("createOrganisation", &input, "organisation { hash }")
        .await;
    let mail = server.next().await;
    assert_eq!(mail["to"], json!(["ines@example.com"]));
    assert_eq!(mail["from"], "video@example.com");
    assert_eq!(
        (&mail["encrypted"], &mail["user"]),
        (&json!(true), &json!("portcullis"))
    );
    let accept = "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { viewer { role } errors { code } } }";
    let link = secret(mail["text"].as_str().expect("a text"));
    let chosen = json!({ "secret": link, "name": "Ines", "password": "correct horse" });
    let joined = installation.ask(accept, chosen).await;
    assert_eq!(joined["acceptInvitation"]["viewer"]["role"], "nanoAdmin", "{joined}");
    let log = installation.home.log();
    for hidden in [PASSWORD, &link] {
        assert!(!log.contains(hidden), "{log}");
    }
}

#[tokio::test]
async fn without_the_authority_nothing_is_handed_over_and_the_operator_is_shown_why() {
    let authority = Authority::new().await;
    let server = mail_server(&authority).await;
    let installation = Installation::start(&section(&server, "")).await;
    let operator = installation.operator().await;
    let input = json!({ "name": "Harbour TV", "adminEmail": "ines@example.com" });
    operator
        .change("createOrganisation", &input, "organisation { hash }")
        .await;
    let query = "{ platform { organisations { nodes { firstInvitation { email status mail { status trouble } } } } } }";
    let invitation = until("the mail was tried", async || {
        let data = operator.ask(query, &json!({})).await;
        let invitation = data["platform"]["organisations"]["nodes"][0]["firstInvitation"].clone();
        invitation["mail"]["trouble"].is_string().then_some(invitation)
    })
    .await;
    assert_eq!(
        (&invitation["status"], &invitation["mail"]["status"]),
        (&json!("PENDING"), &json!("QUEUED"))
    );
    let trouble = invitation["mail"]["trouble"].as_str().expect("words");
    assert!(trouble.contains("certificate"), "{trouble}");
    let mut server = server;
    assert!(
        timeout(Duration::from_millis(200), server.next()).await.is_err(),
        "it took a mail"
    );
}

const OPERATOR: &str = "operator@example.com";
const PASSWORD: &str = "the-mail-servers-own";
