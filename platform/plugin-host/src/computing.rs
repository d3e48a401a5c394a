//! Computed fields: made of other fields of their record whenever one of these changes, after every plugin has had its say.
//!
//! Invariant: a save never fails by them. What a plugin cannot compute is empty, and its log says why.

use std::time::Instant;

use tenon_hooks::{Asked, Desk, HookError, Operation, Verdict};
use tenon_model::{Field, Object};
use tenon_value::Value;

use crate::Computed;
use crate::fault::Broken;
use crate::limits::{REFUSAL_LETTERS, ROWS_PER_CALL};
use crate::merge::Rows;
use crate::since_1::{self, Question, Said};
use crate::turn::{Portion, Turn};

/// A plugin that computes fields of the records of a save.
pub(crate) struct Computing<'a> {
    pub turn: Turn<'a>,
    pub object: &'a Object,
    pub asked: Asked<'a>,
}

impl Computing<'_> {
    /// Computes all its fields, in the order it declares them: one may be made of another before it.
    pub(crate) async fn fill(&self, rows: &mut Rows<'_>, desk: &mut dyn Desk, now: Instant) -> Result<(), HookError> {
        for computed in self.turn.plugin.computed.iter().filter(|one| one.object == self.object.name.as_str()) {
            // What its layer has not brought, or a tenant has retired, is not computed.
            let Some(field) = self.object.field_named(&computed.field).filter(|field| !field.system) else { continue };
            let concerned = self.concerned(computed, rows);
            if !concerned.is_empty() && self.turn.is_left_alone(now) {
                let words = format!("computed {}: it has failed too often within a minute (`breaker`)", field.name);
                self.turn.tell([("warn", words)]);
                put(self.object, field, rows, concerned.into_iter().map(|place| (place, Value::Null)));
                continue;
            }
            for places in concerned.chunks(ROWS_PER_CALL) {
                match self.values((computed, field), places, rows, desk).await {
                    Ok(values) => put(self.object, field, rows, places.iter().copied().zip(values)),
                    Err(Broken::Stopped) => return Err(HookError::Stopped),
                    Err(Broken::Busy) => return Err(HookError::Busy),
                    Err(broken) => {
                        // Noted in its log and by the breaker.
                        drop(self.turn.fault(broken));
                        put(self.object, field, rows, places.iter().map(|place| (*place, Value::Null)));
                    }
                }
            }
        }
        Ok(())
    }

    /// The records whose field is to be computed anew: also where somebody else has written it.
    fn concerned(&self, computed: &Computed, rows: &Rows<'_>) -> Vec<usize> {
        let concerns = |name: &String| computed.from.contains(name) || *name == computed.field;
        let is_new = self.asked.operation == Operation::Create;
        rows.rows().enumerate().filter(|(_, row)| is_new || row.changed.iter().any(concerns)).map(|(place, _)| place).collect()
    }

    async fn values(
        &self,
        (computed, field): (&Computed, &Field),
        places: &[usize],
        rows: &Rows<'_>,
        desk: &mut dyn Desk,
    ) -> Result<Vec<Value>, Broken> {
        let grant = &self.turn.plugin.grant;
        if !grant.changes(self.object.name.as_str(), &computed.field) {
            return Err(Broken::answer(format!("computes `{}`, which it was not granted to write", computed.field)));
        }
        let limits = self.turn.budgets.of(self.turn.phase, self.turn.plugin.size);
        let made = rows.rows().enumerate().filter(|(place, _)| places.contains(place));
        let made: Vec<_> = made.map(|(_, row)| since_1::made_of((&self.turn.cx.model, grant), self.object, &row, &computed.from)).collect();
        if made.iter().map(since_1::size_of_made).sum::<usize>() > limits.input {
            return Err(Broken::limit("input", "the records are larger than a call may be given"));
        }
        let question = Question::Compute { object: self.object.name.to_string(), field: computed.field.clone(), rows: made };
        let portion = Portion { first: places.first().copied().unwrap_or_default(), rows: places.len() };
        let read = |said| match said {
            Ok(Said::Values(values)) if values.len() == places.len() => {
                values.into_iter().map(|value| self.value(field, value)).collect::<Result<Vec<_>, _>>()
            }
            Ok(Said::Values(values)) => Err(Broken::answer(format!("computed {} values of {} records", values.len(), places.len()))),
            _ => Err(Broken::answer("answered something else than it was asked")),
        };
        self.turn.take((question, portion), desk, (&limits, Instant::now() + limits.wall), read).await
    }

    /// A value of the field's type; what the plugin could not say is empty, and in its log.
    fn value(&self, field: &Field, said: Result<since_1::types::Value, String>) -> Result<Value, Broken> {
        match said {
            Ok(value) => since_1::incoming(field, value)
                .ok_or_else(|| Broken::answer(format!("computed `{}` as something else than {}", field.name, field.kind.word()))),
            Err(words) => {
                let words: String = words.chars().take(REFUSAL_LETTERS).collect();
                self.turn.tell([("warn", format!("computed {}: {}", field.name, words.escape_debug()))]);
                Ok(Value::Null)
            }
        }
    }
}

/// Puts values where they differ from what is there.
fn put(object: &Object, field: &Field, rows: &mut Rows<'_>, values: impl Iterator<Item = (usize, Value)>) {
    for (place, value) in values {
        let is_there = rows.rows().nth(place).is_some_and(|row| *row.new.field(field.ix) == value);
        if !is_there {
            rows.apply(object, place, vec![Verdict::Patch(vec![(field.ix, value)])]);
        }
    }
}
