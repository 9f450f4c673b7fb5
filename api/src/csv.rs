//! Lines of CSV (RFC 4180). What is written is read back the same, and none of it is a formula to a spreadsheet.

/// One line, every cell quoted.
pub(crate) fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells: Vec<_> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// A quoted cell. What a spreadsheet would take for a formula gets an apostrophe, which says that it is text.
fn cell(text: &str) -> String {
    let mark = if is_formula(text) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

/// What a cell says, without the apostrophe that [`cell`] gave it.
fn plain(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text) => text.to_owned(),
        _ => cell,
    }
}

/// Whether a spreadsheet may take it for a formula, or would if it had fewer apostrophes before it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .trim_start_matches([' ', '\u{a0}', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠'])
}

/// A line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The number of its first line in the text, from 1.
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

/// A quote that nothing closes, and the line in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclosed(pub(crate) usize);

/// Reads every line that is not empty. Cells are parted by what parts the first line: a comma, a semicolon or a tab.
pub(crate) fn read(text: &str) -> Result<Vec<Record>, Unclosed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parting = parting(text);
    let mut letters = text.chars().peekable();
    let (mut records, mut line) = (Vec::new(), 1);
    while letters.peek().is_some() {
        let mut record = Record {
            line,
            cells: Vec::new(),
        };
        loop {
            let mut cell = String::new();
            if letters.next_if_eq(&'"').is_some() {
                let begun = line;
                loop {
                    match letters.next() {
                        None => return Err(Unclosed(begun)),
                        Some('"') if letters.next_if_eq(&'"').is_some() => cell.push('"'),
                        Some('"') => break,
                        Some(letter) => {
                            line += usize::from(letter == '\n');
                            cell.push(letter);
                        }
                    }
                }
            }
            while let Some(letter) = letters.next_if(|letter| *letter != parting && !matches!(letter, '\r' | '\n')) {
                cell.push(letter);
            }
            record.cells.push(plain(cell));
            if letters.next_if_eq(&parting).is_none() {
                break;
            }
        }
        let carriage = letters.next_if_eq(&'\r').is_some();
        if letters.next_if_eq(&'\n').is_some() || carriage {
            line += 1;
        }
        if record.cells.iter().any(|cell| !cell.trim().is_empty()) {
            records.push(record);
        }
    }
    Ok(records)
}

fn parting(text: &str) -> char {
    let mut quoted = false;
    let first = text.chars().take_while(|letter| *letter != '\n').find(|letter| {
        quoted ^= *letter == '"';
        !quoted && matches!(letter, ',' | ';' | '\t')
    });
    first.unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::{Record, Unclosed, cell, line, read};

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "＝1",
            "\n=1",
            "\u{feff}=1",
            "'=1",
        ] {
            assert_eq!(cell(text), format!("\"'{text}\""));
        }
        assert_eq!(cell("a\",\"=b\r\n"), "\"a\"\",\"\"=b\r\n\"");
        assert_eq!(cell("plain, text"), "\"plain, text\"");
        assert_eq!(cell("it's"), "\"it's\"");
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let cells = [
            "",
            "a",
            " a ",
            "a,b;c\td",
            "\"",
            "\"\"",
            "a\"b",
            "two\r\nlines",
            "'",
            "'a",
            "''a",
            "=1",
            "'=1",
            "''=1",
            "' =1",
            " '=1",
            "-",
            "+",
            "@a",
            "%",
            "|",
            "ä＝",
        ];
        for text in cells {
            let written = line(["first", text]);
            let found = read(&written).unwrap();
            assert_eq!(found.len(), 1, "{text:?}");
            assert_eq!(found[0].cells, ["first", text], "{written:?}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let record = |line, cells: &[&str]| Record {
            line,
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        };
        assert_eq!(
            read("\u{feff}a,b\r\n\r\n\"1\n2\",x\n,\nlast").unwrap(),
            [record(1, &["a", "b"]), record(3, &["1\n2", "x"]), record(6, &["last"])]
        );
        assert_eq!(read("a;b\n1,5;2").unwrap()[1], record(2, &["1,5", "2"]));
        assert_eq!(read("\"a,b\"\tc\r1\t2").unwrap()[1], record(2, &["1", "2"]));
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("a,b\n1,\"2\n3"), Err(Unclosed(2)));
        assert_eq!(read("\"a\"b,c").unwrap(), [record(1, &["ab", "c"])]);
    }
}
