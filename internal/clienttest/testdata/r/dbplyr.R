# dplyr's verbs, as dbplyr writes them.
suppressMessages({library(DBI); library(dplyr); library(dbplyr)})
failed <- 0

check <- function(name, code) {
  tryCatch({
    force(code)
    cat("ok", name, "\n")
  }, error = function(e) {
    failed <<- failed + 1
    cat("not ok", name, ":", conditionMessage(e), "\n")
  })
}

between <- function(got, low, high) if (got < low || got > high) stop(paste("got", got))
rows <- function(query, want) if (nrow(collect(query)) != want) stop(paste("got", nrow(collect(query)), "rows"))

db <- dbConnect(RPostgreSQL::PostgreSQL(), user = Sys.getenv("PGUSER"), password = Sys.getenv("PGPASSWORD"),
  host = Sys.getenv("PGHOST"), port = as.integer(Sys.getenv("PGPORT")), dbname = Sys.getenv("PGDATABASE"))
persons <- tbl(db, "persons")
visits <- tbl(db, "visits")
check("columns", stopifnot(identical(colnames(persons), c("person_id", "sex", "age", "income", "city", "born"))))
check("count", between(collect(count(persons))$n, 1900, 2100))
check("groups", rows(persons %>% group_by(sex) %>% summarise(n = n(), mean = mean(age, na.rm = TRUE), total = sum(income, na.rm = TRUE)) %>% arrange(desc(n)), 2))
check("filters", between(collect(persons %>% filter(age > 30, sex == "f", city %in% c("city 1", "city 2")) %>% summarise(n = n()))$n, 150, 400))
check("joins", rows(visits %>% inner_join(persons, by = "person_id") %>% group_by(sex) %>% summarise(mean = mean(cost, na.rm = TRUE)), 2))
check("bands", rows(persons %>% mutate(band = case_when(age < 18 ~ "child", age < 65 ~ "adult", TRUE ~ "old")) %>% count(band), 3))
check("months", rows(visits %>% mutate(month = date_trunc("month", visited_at)) %>% count(month) %>% arrange(month) %>% head(2), 2))
check("other aggregates", rows(persons %>% summarise(median = median(age, na.rm = TRUE), q = quantile(age, 0.25, na.rm = TRUE), sd = sd(age, na.rm = TRUE), cities = n_distinct(city)), 1))
check("public rows", rows(tbl(db, "cities") %>% filter(city_id > 2) %>% select(name), 3))
check("rows of a private table are refused", if (!inherits(suppressWarnings(try(collect(head(persons)), silent = TRUE)), "try-error")) stop("not refused"))
invisible(dbDisconnect(db))
quit(status = if (failed > 0) 1 else 0)
