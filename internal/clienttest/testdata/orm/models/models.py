"""The tables of the client tests as Django's models."""
from django.db import models


class Person(models.Model):
    person_id = models.BigIntegerField(primary_key=True)
    sex = models.TextField()
    age = models.IntegerField(null=True)
    income = models.DecimalField(max_digits=10, decimal_places=2)
    city = models.CharField(max_length=40)
    born = models.DateField()

    class Meta:
        managed, db_table = False, "persons"


class Visit(models.Model):
    visit_id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.DO_NOTHING)
    city_id = models.IntegerField()
    visited_at = models.DateTimeField()
    cost = models.FloatField()

    class Meta:
        managed, db_table = False, "visits"


class City(models.Model):
    city_id = models.IntegerField(primary_key=True)
    name = models.TextField()
    opened = models.DateField()

    class Meta:
        managed, db_table = False, "cities"


class Number(models.Model):
    n = models.IntegerField(primary_key=True)
    word = models.TextField()

    class Meta:
        managed, db_table = False, "numbers"
