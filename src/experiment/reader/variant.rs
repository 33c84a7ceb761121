//! Settings that are one of several kinds, each with keys of its own: `"adam"`, or `{ kind = "adam", lr = 0.01 }`.

use toml::{Spanned, de::DeValue};

use super::fields::{Fields, Walk};
use crate::experiment::suggest::listed;

/// Reads the keys of one kind into its template, which holds the defaults.
pub(super) type Fill<T> = fn(&mut Walk, &mut Fields<'_>, T) -> T;

/// The kinds of one setting.
pub(super) struct Kinds<T: 'static> {
    /// Key that tells the kind.
    pub tag: &'static str,
    /// The kind of a table that does not tell.
    pub default: Option<&'static str>,
    /// Name and template of each.
    pub options: &'static [(&'static str, T)],
    pub fill: Fill<T>,
}

impl<T: Clone> Kinds<T> {
    /// The keys of a kind, its tag among them; `None` of a kind that there is not.
    pub fn keys(&self, name: &str) -> Option<Vec<&'static str>> {
        let (_, template) = self.options.iter().find(|(option, _)| *option == name)?;
        let mut fields = Fields::new("", 0..0, None);
        (self.fill)(&mut Walk::default(), &mut fields, template.clone());
        Some(fields.asked_with(self.tag))
    }

    /// Kinds other than `name` that have a key: found by asking them, so that no list can go stale.
    fn others_with(&self, name: &str, key: &str) -> Vec<&'static str> {
        let has = |other: &str| self.keys(other).is_some_and(|keys| keys.contains(&key));
        self.options.iter().map(|(other, _)| *other).filter(|other| *other != name && has(other)).collect()
    }
}

impl Walk {
    /// A setting of several kinds under a key; `default` where it is left out.
    pub fn kind<T: Clone>(&mut self, fields: &mut Fields<'_>, key: &'static str, kinds: &Kinds<T>, default: T) -> T {
        let path = fields.path(key);
        match fields.get(key) {
            None => default,
            Some(value) => self.kind_value(&path, value, kinds).unwrap_or(default),
        }
    }

    /// A setting of several kinds, wherever it stands.
    pub fn kind_value<'a, T: Clone>(
        &mut self,
        path: &str,
        value: &'a Spanned<DeValue<'a>>,
        kinds: &Kinds<T>,
    ) -> Option<T> {
        match value.get_ref() {
            DeValue::String(_) => {
                let template = self.word(path, value, kinds.options)?;
                let mut fields = Fields::new(path, value.span(), None);
                Some((kinds.fill)(self, &mut fields, template))
            }
            DeValue::Table(table) => {
                let mut fields = Fields::new(path, value.span(), Some(table));
                let (name, template) = self.tagged(&mut fields, kinds)?;
                let filled = (kinds.fill)(self, &mut fields, template);
                self.finish_kind(&fields, name, kinds);
                Some(filled)
            }
            other => {
                let tag = kinds.tag;
                let names = listed(kinds.options.iter().map(|(name, _)| *name));
                let help = format!("one of {names}, as a string or as `{{ {tag} = \"...\", ... }}`");
                self.wrong_type(path, "a string or a table", other, value.span(), &help);
                None
            }
        }
    }

    /// The template that the tag names.
    pub fn tagged<T: Clone>(&mut self, fields: &mut Fields<'_>, kinds: &Kinds<T>) -> Option<(&'static str, T)> {
        let path = fields.path(kinds.tag);
        let Some(value) = fields.get(kinds.tag) else {
            let usual = kinds.options.iter().find(|(name, _)| Some(*name) == kinds.default);
            if let Some((name, template)) = usual {
                return Some((name, template.clone()));
            }
            let names = listed(kinds.options.iter().map(|(name, _)| *name));
            self.missing(fields, kinds.tag, &format!("write `{} = ...`, one of {names}", kinds.tag));
            return None;
        };
        let named: Vec<(&str, (&'static str, &T))> =
            kinds.options.iter().map(|(name, template)| (*name, (*name, template))).collect();
        let (name, template) = self.word(&path, value, &named)?;
        Some((name, template.clone()))
    }

    /// Notes the keys that do not belong to the kind.
    pub fn finish_kind<T: Clone>(&mut self, fields: &Fields<'_>, name: &str, kinds: &Kinds<T>) {
        self.finish_variant(fields, Some((name, &|key| kinds.others_with(name, key))));
    }
}
