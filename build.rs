//! Makes sure that there is a folder for the dashboard: without one, the binary is built without it.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");
    println!("cargo::rerun-if-changed={dist}");
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo::warning=cannot make {dist}: {error}");
    }
}
