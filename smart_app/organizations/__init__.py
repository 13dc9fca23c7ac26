"""Tenants: their EHRs, their learners, job roles and permissions; the SQL behind launch/stores.py."""
