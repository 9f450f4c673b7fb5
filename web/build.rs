//! Registers the committed SDL, so that an operation that does not fit it does not compile.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cynic_codegen::register_schema("portcullis")
        .from_sdl_file("../api/schema.graphql")?
        .as_default()?;
    Ok(())
}
