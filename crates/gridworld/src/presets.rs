//! Parameters that are either a table or the name of a preset.

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A parameter with named values.
pub(crate) trait Presets: Copy + 'static {
    /// How it looks as a table.
    type Table: for<'de> Deserialize<'de> + Into<Self>;

    /// What it is a table of.
    const WHAT: &'static str;

    /// The values with a name.
    const NAMED: &'static [(&'static str, Self)];
}

/// Takes a table or a name.
pub(crate) fn deserialize<'de, T: Presets, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(TableOrName(PhantomData))
}

struct TableOrName<T>(PhantomData<T>);

impl<'de, T: Presets> Visitor<'de> for TableOrName<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table of {} or one of ", T::WHAT)?;
        for (at, (name, _)) in T::NAMED.iter().enumerate() {
            write!(f, "{}{name:?}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        let found = T::NAMED.iter().find(|(known, _)| *known == name);
        found
            .map(|&(_, value)| value)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::Table::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
    }
}
