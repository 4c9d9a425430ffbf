"""What plugin authors test their plugins with.

One suite per kind of plugin, to be subclassed with one fixture:

    class TestMid(IndicatorConformance):
        @pytest.fixture
        def registration(self):
            return IndicatorReg(name="mid", category="trend", factory="my_plugin.mid:compute")
"""
