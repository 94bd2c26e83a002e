"""Django: inspectdb, and the ORM's aggregates, joins, dates, sub-queries, server-side cursors, savepoints; parameters bound by psycopg and at the server."""
import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from checks import between, check, database, done, dt, equal, host, password, port, root, user, utc  # noqa: E402
import django  # noqa: E402
from django.conf import settings  # noqa: E402

options = {"sslmode": "verify-full", "sslrootcert": root}
one = {"ENGINE": "django.db.backends.postgresql", "NAME": database, "USER": user, "PASSWORD": password, "HOST": host, "PORT": port}
settings.configure(DATABASES={"default": {**one, "OPTIONS": options}, "bound": {**one, "OPTIONS": {**options, "server_side_binding": True}}},
                   INSTALLED_APPS=["models"], USE_TZ=True, TIME_ZONE="Europe/Berlin", DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()
from django.db import connections, transaction, utils  # noqa: E402
from django.db.models import Avg, Case, Count, Exists, F, IntegerField, Max, OuterRef, Q, StdDev, Sum, Value, When, Window  # noqa: E402
from django.db.models.functions import Coalesce, ExtractHour, RowNumber, TruncMonth  # noqa: E402
from models.models import City, Number, Person, Visit  # noqa: E402


@check("inspectdb")
def _():
    from django.core.management import call_command
    out = io.StringIO()
    call_command("inspectdb", "cities", "numbers", "kinds", stdout=out)
    for line in ("city_id = models.IntegerField(primary_key=True)", "opened = models.DateField(blank=True, null=True)",
                 "t_numeric = models.DecimalField(max_digits=20, decimal_places=5", "db_table_comment = 'Public: rows may be read.'"):
        assert line in out.getvalue(), line


for using in "default", "bound":
    persons, visits, cities = Person.objects.using(using), Visit.objects.using(using), City.objects.using(using)

    @check(f"{using}: counts")
    def _():
        between(persons.count(), 1900, 2100)
        between(persons.filter(age__gte=18, sex="f").count(), 600, 1000)
        between(persons.exclude(sex="f").count(), 900, 1100)
        between(persons.filter(city__in=["city 1", "city 2"]).count(), 700, 900)
        between(persons.filter(city__icontains="CITY").count(), 1900, 2100)
        between(persons.filter(Exists(visits.filter(person=OuterRef("pk"), cost__gte=0))).count(), 1800, 2200)

    @check(f"{using}: groups")
    def _():
        rows = persons.values("sex").annotate(n=Count("*"), mean=Avg("age"), total=Sum("income")).filter(n__gt=10).order_by("sex")
        equal([r["sex"] for r in rows], ["f", "m"])
        between(rows[0]["mean"], 35, 55)
        band = Case(When(age__lt=18, then=Value("child")), When(age__lt=65, then=Value("adult")), default=Value("old"))
        equal([r["band"] for r in persons.annotate(band=band).values("band").annotate(n=Count("*")).order_by("band")], ["adult", "child", "old"])
        equal(len(visits.values("person__sex").annotate(n=Count("*"), mean=Avg("cost"))), 2)
        equal(len(persons.values("sex").annotate(n=Count("visit"))), 2)

    @check(f"{using}: aggregates")
    def _():
        got = persons.aggregate(old=Count("pk", filter=Q(age__gte=60)), mean=Avg(F("income") / 12), sum=Coalesce(Sum("age"), 0), most=Max("age"), dev=StdDev("age"),
                                older=Sum(Case(When(age__gte=60, then=1), default=0, output_field=IntegerField())))
        between(got["old"], 500, 800)
        between(got["dev"], 10, 40)
        between(visits.aggregate(n=Count("person", distinct=True))["n"], 1700, 2300)
        persons.annotate(n=Count("visit")).aggregate(Avg("n"))

    @check(f"{using}: dates, in a time zone")
    def _():
        assert any(r["n"] > 100 for r in visits.annotate(m=TruncMonth("visited_at")).values("m").annotate(n=Count("*")).order_by("m"))
        equal(len(visits.annotate(h=ExtractHour("visited_at")).values("h").annotate(n=Count("*"))), 24)
        between(visits.filter(visited_at__year=2024).count(), 4500, 5500)
        visits.filter(visited_at__date=dt.date(2024, 3, 1)).count()
        visits.filter(visited_at__range=(dt.datetime(2024, 1, 1, tzinfo=utc), dt.datetime(2024, 6, 1, tzinfo=utc))).count()
        between(persons.filter(born__year__gte=1952).count(), 1000, 1600)

    @check(f"{using}: public tables")
    def _():
        equal(cities.get(pk=2).name, "city 2")
        equal(list(cities.order_by("-pk").values_list("name", flat=True)[1:3]), ["city 4", "city 3"])
        equal(cities.filter(name="city 3").exists(), True)
        equal(list(cities.dates("opened", "year")), [dt.date(2000, 1, 1)])
        equal(len(cities.annotate(r=Window(RowNumber(), order_by="name"))), 5)
        equal(cities.filter(pk=1).union(cities.filter(pk=2)).count(), 2)

    @check(f"{using}: cursors, held and in a transaction")
    def _():
        equal(sum(n.n for n in Number.objects.using(using).iterator(chunk_size=500)), 50005000)
        with transaction.atomic(using=using):
            equal(sum(n.n for n in Number.objects.using(using).iterator(chunk_size=500)), 50005000)

    @check(f"{using}: refusals, in the middle of a transaction")
    def _():
        with transaction.atomic(using=using):
            try:
                with transaction.atomic(using=using):
                    list(persons.all()[:5])
                raise AssertionError("rows of persons were read")
            except utils.ProgrammingError as e:
                assert "rows of private tables" in str(e), e
            equal(cities.count(), 5)
        try:
            City(city_id=9, name="x").save(force_insert=True, using=using)
            raise AssertionError("written")
        except utils.DatabaseError as e:
            assert "never writes" in str(e), e

    @check(f"{using}: connected again")
    def _():
        connections[using].close()
        equal(cities.count(), 5)

done()
