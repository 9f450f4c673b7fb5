//! Where in a text the looked for is. Letters are compared as the server compares them: one by one, whatever their case.

/// The text in pieces; true for those that are what is looked for.
pub(super) fn pieces(text: &str, wanted: &str) -> Vec<(bool, String)> {
    let letters: Vec<char> = text.chars().collect();
    let (folded, needle) = (folded(text), folded(wanted.trim()));
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(at) = next(&folded, &needle, from) {
        pieces.push((false, letters[from..at].iter().collect()));
        from = at + needle.len();
        pieces.push((true, letters[at..from].iter().collect()));
    }
    pieces.push((false, letters[from..].iter().collect()));
    pieces.retain(|(_, piece): &(bool, String)| !piece.is_empty());
    pieces
}

/// Whether the text has the looked for in it.
pub(super) fn has(text: &str, wanted: &str) -> bool {
    next(&folded(text), &folded(wanted.trim()), 0).is_some()
}

fn next(folded: &[char], needle: &[char], from: usize) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    let rest = folded.get(from..)?;
    rest.windows(needle.len())
        .position(|part| part == needle)
        .map(|at| from + at)
}

/// In lower case; a letter that becomes several there stays as it is, so that places stay the same.
fn folded(text: &str) -> Vec<char> {
    let lower = |letter: char| {
        let mut lower = letter.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(one), None) => one,
            _ => letter,
        }
    };
    text.chars().map(lower).collect()
}
