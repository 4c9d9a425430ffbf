from installed_plugin import install as install
