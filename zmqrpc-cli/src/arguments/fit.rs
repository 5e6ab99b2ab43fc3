//! JSON that is to be a value of a shape.

use zmqrpc::schema::{Fields, Payload, Shape, Variants};

use super::number::{duration, is_within, number, range};
use super::shapes::{field_of, is_called, variant_of};
use super::{Form, Misfit, Shapes, did_you_mean};
use crate::bytes::from_base64;
use crate::document::Document;

impl<'d> Shapes<'d> {
    /// Returns a value as the server reads it: what people may write otherwise, such as `50ms`, in JSON's form.
    pub(crate) fn fit(self, shape: &'d Shape, value: Document) -> Result<Document, Misfit> {
        if let Document::Text(word) = &value
            && self.is_duration(shape)
            && let Some(time) = duration(word)
        {
            return Ok(Document::Object(vec![
                ("secs".into(), Document::number(time.as_secs())),
                ("nanos".into(), Document::number(time.subsec_nanos())),
            ]));
        }
        let parts = |parts: &'d [Shape], values: Vec<Document>| {
            self.all(parts.iter().zip(values).collect())
        };
        match (self.form(shape), value) {
            (Form::Unit, Document::Null) => Ok(Document::Null),
            (Form::Tuple(shapes), Document::List(values)) if shapes.len() == values.len() => {
                parts(shapes, values)
            }
            (Form::Struct(fields), Document::Object(entries)) => {
                self.fields(&self.name(shape), fields, entries)
            }
            (Form::Struct(fields), Document::List(values))
                if fields.fields.len() == values.len() =>
            {
                let shapes = fields.fields.iter().map(|field| &field.shape);
                self.all(shapes.zip(values).collect())
            }
            (Form::Open(_), value @ Document::Object(_)) => Ok(value),
            (Form::Enum(variants), value) => self.variant(shape, variants, value),
            (Form::Shape(inner), value) => self.fit_shape(shape, inner, value),
            (_, value) => Err(self.misfit(shape, &value)),
        }
    }

    fn fit_shape(
        self,
        named: &'d Shape,
        shape: &'d Shape,
        value: Document,
    ) -> Result<Document, Misfit> {
        match (shape, value) {
            (Shape::Any | Shape::Unknown(_) | Shape::Type(_), value)
            | (Shape::Bool, value @ Document::Bool(_))
            | (Shape::F32 | Shape::F64, value @ Document::Number(_))
            | (Shape::String, value @ Document::Text(_))
            | (Shape::Unit | Shape::Option(_), value @ Document::Null) => Ok(value),
            (Shape::Char, Document::Text(text)) if text.chars().count() == 1 => {
                Ok(Document::Text(text))
            }
            (Shape::F32 | Shape::F64, Document::Text(word)) => match &*word {
                "NaN" | "Infinity" | "-Infinity" => Ok(Document::Text(word)),
                _ => Err(self.misfit(named, &Document::Text(word))),
            },
            (Shape::Bytes, Document::Text(text)) => match from_base64(&text) {
                Ok(_) => Ok(Document::Text(text)),
                Err(error) => Err(Misfit::new(format!(
                    "bytes are expected, in JSON a text in base64: {error}"
                ))
                .or_example(|| "\"AP8=\"".into())),
            },
            (Shape::Bytes, Document::List(numbers)) => {
                let numbers = numbers.into_iter().map(|number| (&Shape::U8, number));
                self.all(numbers.collect())
            }
            (Shape::Option(inner), value) => self.fit(self.within_options(inner), value),
            (Shape::List(inner), Document::List(values)) => {
                self.all(values.into_iter().map(|value| (&**inner, value)).collect())
            }
            (Shape::Array(inner, len), Document::List(values)) if values.len() as u64 == *len => {
                self.all(values.into_iter().map(|value| (&**inner, value)).collect())
            }
            (Shape::Tuple(parts), Document::List(values)) if values.len() == parts.len() => {
                self.all(parts.iter().zip(values).collect())
            }
            (Shape::Map(key, inner), Document::Object(entries)) => {
                let entries = entries.into_iter().map(|(name, value)| {
                    self.fit_key(key, &name)?;
                    let value = self.fit(inner, value);
                    let value = value.map_err(|misfit| misfit.at(format!("[{name:?}]")))?;
                    Ok((name, value))
                });
                Ok(Document::Object(entries.collect::<Result<_, _>>()?))
            }
            (integer, value) => self.integer(named, integer, &value),
        }
    }

    fn integer(
        self,
        named: &'d Shape,
        shape: &'d Shape,
        value: &Document,
    ) -> Result<Document, Misfit> {
        let Some(range) = range(shape) else {
            return Err(self.misfit(named, value));
        };
        let digits = match value {
            // Some languages cannot write large numbers otherwise.
            Document::Text(text) => number(text),
            _ => Some(value.clone()),
        };
        match digits {
            Some(Document::Number(digits)) if is_within(&digits, range) => {
                Ok(Document::Number(digits))
            }
            _ => Err(self.misfit(named, value)),
        }
    }

    /// Checks a key of an object, which is a text whatever it stands for.
    fn fit_key(self, shape: &'d Shape, name: &str) -> Result<(), Misfit> {
        let is_fit = match self.form(shape) {
            Form::Shape(shape) => range(shape).is_none_or(|range| is_within(name, range)),
            _ => true,
        };
        if is_fit {
            return Ok(());
        }
        let expected = self.name(shape);
        Err(Misfit::new(format!(
            "{expected} is expected as a key, not {name:?}"
        )))
    }

    fn all(self, parts: Vec<(&'d Shape, Document)>) -> Result<Document, Misfit> {
        let parts = parts
            .into_iter()
            .enumerate()
            .map(|(index, (shape, value))| {
                let fitted = self.fit(shape, value);
                fitted.map_err(|misfit| misfit.at_index(index))
            });
        Ok(Document::List(parts.collect::<Result<_, _>>()?))
    }

    fn fields(
        self,
        owner: &str,
        fields: &'d Fields,
        entries: Vec<(String, Document)>,
    ) -> Result<Document, Misfit> {
        let mut fitted = Vec::new();
        for (name, value) in entries {
            // A server may pass over what it does not know, and with it a typing mistake.
            let field = field_of(fields, &name).ok_or_else(|| no_field(owner, fields, &name))?;
            let value = self.fit(&field.shape, value);
            fitted.push((name.clone(), value.map_err(|misfit| misfit.at(&*name))?));
        }
        let missing = fields.fields.iter().find(|field| {
            let is_there = fitted.iter().any(|(name, _)| is_called(field, name));
            !is_there && !field.optional && !self.is_option(&field.shape)
        });
        match missing {
            None => Ok(Document::Object(fitted)),
            Some(field) => {
                let expected = self.name(&field.shape);
                Err(
                    Misfit::new(format!("it is missing, {expected} is expected"))
                        .or_example(|| self.example(&field.shape).to_string())
                        .at(&*field.name),
                )
            }
        }
    }

    fn variant(
        self,
        shape: &'d Shape,
        variants: &'d Variants,
        value: Document,
    ) -> Result<Document, Misfit> {
        let (name, content) = match value {
            Document::Text(name) => (name, None),
            Document::Object(mut entries) if entries.len() == 1 => {
                let (name, content) = entries.remove(0);
                (name, Some(content))
            }
            value => return Err(self.misfit(shape, &value)),
        };
        let Some(variant) = variant_of(variants, &name) else {
            if variants.open {
                return Ok(with_content(name, content));
            }
            return Err(no_variant(&self.name(shape), variants, &name));
        };
        let fitted = match (&variant.body, content) {
            (Payload::Unit, content) => Ok(content),
            (Payload::One(inner), Some(content)) => self.fit(inner, content).map(Some),
            (Payload::Tuple(parts), Some(Document::List(values)))
                if parts.len() == values.len() =>
            {
                self.all(parts.iter().zip(values).collect()).map(Some)
            }
            (Payload::Struct(fields), Some(Document::Object(entries))) => {
                self.fields(&name, fields, entries).map(Some)
            }
            (_, content) => {
                let found = content.map_or_else(|| "nothing".into(), |content| content.in_words());
                return Err(Misfit::new(format!("`{name}` has content, not {found}"))
                    .or_example(|| self.example(shape).to_string()));
            }
        };
        let content = fitted.map_err(|misfit| misfit.at(&*name))?;
        Ok(with_content(name, content))
    }

    /// Returns the misfit of a value that is something else.
    pub(super) fn misfit(self, shape: &'d Shape, value: &Document) -> Misfit {
        let expected = self.name(shape);
        Misfit::new(format!("{expected} is expected, not {}", value.in_words()))
            .or_example(|| self.example(shape).to_string())
    }
}

fn with_content(name: String, content: Option<Document>) -> Document {
    match content {
        None => Document::Text(name),
        Some(content) => Document::Object(vec![(name, content)]),
    }
}

pub(super) fn no_field(owner: &str, fields: &Fields, name: &str) -> Misfit {
    let names: Vec<_> = fields.fields.iter().map(|field| &*field.name).collect();
    none_of(&format!("{owner} has no field"), name, &names)
}

pub(super) fn no_variant(owner: &str, variants: &Variants, name: &str) -> Misfit {
    let names = variants.variants.iter().map(|variant| &*variant.name);
    none_of(
        &format!("{owner} has no variant"),
        name,
        &names.collect::<Vec<_>>(),
    )
}

fn none_of(what: &str, name: &str, names: &[&str]) -> Misfit {
    let near = did_you_mean(name, names.iter().copied());
    Misfit::new(if near.is_empty() {
        format!("{what} `{name}`, only {}", names.join(", "))
    } else {
        format!("{what} `{name}`{near}")
    })
}
