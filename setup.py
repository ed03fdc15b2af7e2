"""Adds the C engine to the packaging that setup.cfg describes; setup.cfg alone can't name a cffi module."""

from setuptools import setup

setup(cffi_modules=["native/build_engine.py:builder"])
