//! Mails that an installation without a mail server keeps.

use std::fs;

use super::{Home, python, until};

/// A mail as its recipient reads it.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Home {
    /// The mail with that subject to that address, once it was sent.
    pub(crate) async fn letter(&self, address: &str, subject: &str) -> Letter {
        until(&format!("`{subject}` is mailed to {address}"), async || {
            let letters = self.letters(address).await;
            letters.into_iter().find(|letter| letter.subject == subject)
        })
        .await
    }

    /// Every mail to that address so far.
    pub(crate) async fn letters(&self, address: &str) -> Vec<Letter> {
        let mut letters = Vec::new();
        for file in fs::read_dir(self.data().join("mail")).into_iter().flatten() {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                let said = python(READER, &[path.to_str().expect("a path")]).await;
                let said: Vec<String> = serde_json::from_str(&said).expect("JSON");
                let [to, subject, text, html] = said.try_into().expect("four parts");
                if to == address {
                    letters.push(Letter { subject, text, html });
                }
            }
        }
        letters
    }
}

/// Python reads mails as mail programs do.
const READER: &str = "import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
bodies = [mail.get_body((kind,)).get_content() for kind in ('plain', 'html')]
print(json.dumps([mail['to'], mail['subject'], *bodies]))";
