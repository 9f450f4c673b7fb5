//! Which browser a user agent names: those that people have, with their main version. RFC 9110 10.1.5.
//!
//! Each calls itself by the names of those before it as well, so that the most particular is looked for first. What is none
//! of these is nobody's: a viewer could make up names without end.

/// A browser's name, and its main version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Browser {
    pub(super) name: &'static str,
    pub(super) version: String,
}

impl Browser {
    /// Who calls itself that.
    pub(super) fn of(user_agent: &str) -> Self {
        let named = |(product, name): &(&'static str, &'static str)| Some((*name, version(user_agent, product)?));
        let Some((name, version)) = PRODUCTS.iter().find_map(named) else {
            return Self::default();
        };
        // Safari says its own version as that of something else.
        let version = if name == SAFARI {
            self::version(user_agent, "Version/").unwrap_or_default()
        } else {
            version
        };
        Self { name, version }
    }
}

/// The main version behind a product's name: up to four digits.
fn version(user_agent: &str, product: &str) -> Option<String> {
    let (_, behind) = user_agent.split_once(product)?;
    let digits: String = behind.chars().take_while(char::is_ascii_digit).take(4).collect();
    Some(digits)
}

const SAFARI: &str = "Safari";
const PRODUCTS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", SAFARI),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_browser_is_told_from_those_whose_names_it_borrows() {
        let mozilla = |rest: &str| Browser::of(&format!("Mozilla/5.0 {rest}"));
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (browser, name, version) in [
            (
                mozilla(&format!("(X11; Linux x86_64) {webkit} Chrome/120.0.0.0 Safari/537.36")),
                "Chrome",
                "120",
            ),
            (
                mozilla(&format!("(X11) {webkit} HeadlessChrome/131.0.1 Safari/537.36")),
                "Chrome",
                "131",
            ),
            (
                mozilla(&format!(
                    "(Windows NT 10.0) {webkit} Chrome/120.0 Safari/537.36 Edg/119.0.2"
                )),
                "Edge",
                "119",
            ),
            (
                mozilla("(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
                "Firefox",
                "128",
            ),
            (
                mozilla("(iPhone) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1"),
                "Safari",
                "17",
            ),
            (
                mozilla("(iPhone) AppleWebKit/605.1.15 CriOS/123.0 Mobile/15E148 Safari/604.1"),
                "Chrome",
                "123",
            ),
            (mozilla("Safari/604.1"), "Safari", ""),
            (Browser::of("Chrome/99999999"), "Chrome", "9999"),
            (Browser::of("Lavf/59.27.100"), "", ""),
            (Browser::of(""), "", ""),
        ] {
            assert_eq!((browser.name, browser.version.as_str()), (name, version));
        }
    }
}
