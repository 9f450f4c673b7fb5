//! What is looked for: a text, taken literally, whatever the case of its letters.
//!
//! Case is folded letter by letter, the same way here and in both databases: into `[üÜ]` and the like. So `ÜBUNG` finds
//! `Übung` on SQLite too, whose own functions know the letters A to Z only. What one letter becomes several (`ß` and `SS`)
//! stays apart.

use crate::fault::Fault;

/// A text to look for, within its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    text: String,
    folded: String,
}

/// Where in a field a text was found; what is better comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// It is the field.
    Whole,
    /// The field begins with it.
    Beginning,
    /// It is somewhere in the field.
    Inside,
    /// The field is like it: words in another order, or a mistake in typing.
    Similar,
}

impl Text {
    /// The text without what surrounds it; none where nothing is left.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, Fault> {
        let text = text.trim();
        if text.chars().count() > LONGEST || text.contains('\0') {
            return Err(Fault::Invalid(
                "a text to search for is 200 characters at most, without the character 0",
            ));
        }
        Ok((!text.is_empty()).then(|| Self {
            folded: text.chars().map(fold).collect(),
            text: text.to_owned(),
        }))
    }

    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has a sign that a search engine passes over or takes for a command.
    pub(crate) fn has_signs(&self) -> bool {
        !self.text.chars().all(|c| c.is_alphanumeric() || c == ' ')
    }

    /// The best place in several fields; none where no field has it.
    pub(crate) fn place<'a>(&self, fields: impl IntoIterator<Item = &'a str>) -> Option<Place> {
        let place = |field: &str| {
            let field: String = field.chars().map(fold).collect();
            match field.find(&self.folded) {
                Some(0) if field.len() == self.folded.len() => Some(Place::Whole),
                Some(0) => Some(Place::Beginning),
                Some(_) => Some(Place::Inside),
                None => None,
            }
        };
        fields.into_iter().filter_map(place).min()
    }

    /// A pattern of SQLite's `GLOB` for a field that has the text in this place, or a better one.
    pub(crate) fn glob(&self, place: Place) -> String {
        let one = |c: char| match cases(c) {
            (c, None) if "*?[".contains(c) => format!("[{c}]"),
            (c, None) => c.to_string(),
            (c, Some(other)) => format!("[{c}{other}]"),
        };
        let middle: String = self.text.chars().map(one).collect();
        match place {
            Place::Whole => middle,
            Place::Beginning => format!("{middle}*"),
            Place::Inside | Place::Similar => format!("*{middle}*"),
        }
    }

    /// A pattern of PostgreSQL's `~` for the same.
    pub(crate) fn regex(&self, place: Place) -> String {
        let one = |c: char| match cases(c) {
            (c, None) if r"\^$.[]|()*+?{}-".contains(c) => format!("\\{c}"),
            (c, None) => c.to_string(),
            (c, Some(other)) => format!("[{c}{other}]"),
        };
        let middle: String = self.text.chars().map(one).collect();
        match place {
            Place::Whole => format!("^{middle}$"),
            Place::Beginning => format!("^{middle}"),
            Place::Inside | Place::Similar => middle,
        }
    }
}

impl Place {
    /// The place that a column holds.
    pub(crate) const fn of_column(column: i32) -> Self {
        match column {
            0 => Self::Whole,
            1 => Self::Beginning,
            _ => Self::Inside,
        }
    }
}

/// A letter in lower case and in upper case, where it has both and each is one letter.
fn cases(c: char) -> (char, Option<char>) {
    let (lower, upper) = (fold(c), single(c.to_uppercase()).unwrap_or(c));
    (lower, (upper != lower).then_some(upper))
}

/// A letter as letters are compared.
fn fold(c: char) -> char {
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(c)
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next();
    first.filter(|_| letters.next().is_none())
}

/// Characters of the longest text.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::parse(text).unwrap().unwrap()
    }

    #[test]
    fn the_whole_is_better_than_the_beginning_and_that_than_the_middle() {
        let wanted = text("Übung");
        for (field, place) in [
            ("übUNG", Some(Place::Whole)),
            ("ÜBUNG 7", Some(Place::Beginning)),
            ("zur übung", Some(Place::Inside)),
            ("ubung", None),
            ("", None),
        ] {
            assert_eq!(wanted.place([field]), place, "{field}");
        }
        assert_eq!(wanted.place(["zur Übung", "Übung"]), Some(Place::Whole));
    }

    #[test]
    fn what_patterns_are_made_of_stands_for_itself() {
        let wanted = text(r"a*?[]^-\%_.$");
        assert_eq!(wanted.glob(Place::Inside), r"*[aA][*][?][[]]^-\%_.$*");
        assert_eq!(wanted.regex(Place::Whole), r"^[aA]\*\?\[\]\^\-\\%_\.\$$");
        assert_eq!(wanted.place(["a*?[]^-\\%_.$"]), Some(Place::Whole));
        assert_eq!(text("100%").place(["1000"]), None);
    }

    #[test]
    fn a_letter_of_several_cases_is_compared_in_one() {
        assert_eq!(text("ΣΑΣ").place(["σας"]), Some(Place::Whole));
        assert_eq!(text("ß").glob(Place::Whole), "ß");
    }

    #[test]
    fn a_text_has_bounds() {
        assert_eq!(Text::parse(" \t ").unwrap(), None);
        assert!(Text::parse(&"ä".repeat(200)).unwrap().is_some());
        assert!(Text::parse(&"a".repeat(201)).is_err());
        assert!(Text::parse("a\0b").is_err());
    }
}
