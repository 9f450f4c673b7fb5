//! Prints the public schema, for the committed copy.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(api::sdl().as_bytes())
}
