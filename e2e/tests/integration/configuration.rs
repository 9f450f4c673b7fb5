//! A configuration that cannot be meant is refused at start, and the refusal names the key.

use crate::stage::Home;

/// Arguments, a configuration file, and what the refusal names.
const REFUSED: [(&[&str], &str, &str); 7] = [
    (&[], "[http]\nadress = \"127.0.0.1:0\"\n", "adress"),
    (&[], "[nonsense]\nkey = 1\n", "nonsense"),
    (&[], "[http]\naddress = \"somewhere\"\n", "http.address"),
    (&[], "[shutdown]\ngrace_s = 600\n", "shutdown.grace_s"),
    (&["--demo", "--http", "0.0.0.0:0"], "", "http.address"),
    (&["--demo", "--rtmp", "0.0.0.0:0"], "", "rtmp.address"),
    (&["--demo", "--ops", "0.0.0.0:0"], "", "ops.address"),
];

#[tokio::test]
async fn a_refused_configuration_names_its_key_and_leaves_nothing_behind() {
    let home = Home::new();
    let file = home.path("portcullis.toml");
    for (arguments, toml, key) in REFUSED {
        std::fs::write(&file, toml).expect("a file");
        let path = file.to_str().expect("a path");
        let output = home.run(&[arguments, &["--config", path]].concat()).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{key} was taken");
        assert!(said.contains(key), "{key}: {said}");
        assert!(!home.data().exists(), "{key}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (flag, key) in [("--http", "http.address"), ("--ops", "ops.address")] {
        let output = home.run(&[flag, &address, "--rtmp", "127.0.0.1:0"]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(key), "{said}");
    }
    let output = home.run(&["--http", "127.0.0.1:0", "--rtmp", &address]).await;
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(
        !output.status.success() && said.contains("rtmp") && said.contains(&address),
        "{said}"
    );
}

#[tokio::test]
async fn a_folder_belongs_to_one_process() {
    let home = Home::new();
    let server = home.demo().await;
    let output = home
        .run(&["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--demo"])
        .await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("another process"), "{said}");
    assert!(home.data().join("ready.json").exists(), "it is the first one's");
    assert!(server.stop().await.0.success());
}
