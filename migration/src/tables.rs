//! How steps describe tables: columns, to whom rows belong, indices.

use sea_orm::DbErr;
use sea_orm_migration::{
    SchemaManager,
    schema::uuid,
    sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, IntoIden, Table, TableCreateStatement},
};

/// Table, columns, and whether what they hold is there once only.
pub(crate) type IndexOf = (&'static str, &'static [&'static str], bool);

/// A table.
pub(crate) fn table(name: &'static str, columns: impl IntoIterator<Item = ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).if_not_exists();
    for column in columns {
        table.col(column);
    }
    table
}

/// A table whose rows belong to an organisation.
pub(crate) fn owned(name: &'static str, columns: impl IntoIterator<Item = ColumnDef>) -> TableCreateStatement {
    let mut table = table(name, columns);
    table.col(uuid("organisation_id"));
    belonging(table, name, "organisation_id", "organisation")
}

/// The table with a reference that goes with what it refers to.
pub(crate) fn belonging(
    mut table: TableCreateStatement,
    name: &'static str,
    column: &'static str,
    other: &'static str,
) -> TableCreateStatement {
    let mut key = ForeignKey::create();
    key.name(format!("{name}_{column}").into_iden().to_string())
        .from(name, column)
        .to(other, "id")
        .on_delete(ForeignKeyAction::Cascade);
    table.foreign_key(&mut key);
    table
}

/// A table whose rows are told apart by these columns.
pub(crate) fn keyed(mut table: TableCreateStatement, columns: &[&'static str]) -> TableCreateStatement {
    let mut key = Index::create();
    for column in columns {
        key.col(*column);
    }
    table.primary_key(&mut key);
    table
}

/// Makes the indices that are missing.
pub(crate) async fn indices(manager: &SchemaManager<'_>, indices: &[IndexOf]) -> Result<(), DbErr> {
    for (table, columns, unique) in indices {
        let mut index = Index::create();
        let name = format!("{table}_{}", columns.join("_"));
        index.if_not_exists().name(name).table(*table);
        for column in *columns {
            index.col(*column);
        }
        if *unique {
            index.unique();
        }
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Adds the columns that are missing.
pub(crate) async fn grow(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: impl IntoIterator<Item = ColumnDef>,
) -> Result<(), DbErr> {
    for mut column in columns {
        if !manager.has_column(table, column.get_column_name()).await? {
            let mut alter = Table::alter();
            manager
                .alter_table(alter.table(table).add_column(&mut column).take())
                .await?;
        }
    }
    Ok(())
}

/// Drops tables, the last made first.
pub(crate) async fn drop(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for name in tables.iter().rev() {
        manager
            .drop_table(Table::drop().table(*name).if_exists().to_owned())
            .await?;
    }
    Ok(())
}
