"""Tools as people write them, all with names that are held out of training: (tools, request, tool, arguments)."""


def tool(name, description, required=None, **properties):
    return {"type": "function", "function": {"name": name, "description": description, "parameters": {
        "type": "object", "properties": properties, "required": list(properties) if required is None else required}}}


TEXT, INTEGER, NUMBER, BOOLEAN = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
WEATHER = tool("get_weather", "Get the current weather for a city.", ["city"], city={"type": "string", "description": "The city"},
               unit={"type": "string", "enum": ["celsius", "fahrenheit"]})
FLIGHTS = tool("search_flights", "Search flights between two cities.", ["origin", "destination"], origin=TEXT, destination=TEXT, departure_date=TEXT)
ORDER = tool("order_status", "Look up the status of an order.", order_id={"type": "integer", "description": "The order id"})
BOOK = tool("find_book", "Find a book by its title.", book_title=TEXT)
EMAIL = tool("send_email", "Send an email.", email_address=TEXT, subject=TEXT)
TICKET = tool("create_ticket", "Create a support ticket.", subject=TEXT, priority={"type": "string", "enum": ["low", "medium", "high"]})
HEAT = tool("set_thermostat", "Set the temperature of the thermostat.", temperature=NUMBER)
TABLE = tool("book_table", "Book a table in a restaurant.", guests=INTEGER)
STOCK = tool("getStockPrice", "Get the price of a stock.", ticker=TEXT)
TRANSLATE = tool("translateText", "Translate into a language.", language=TEXT)
CUSTOMER = tool("lookup_customer", "Look up a customer.", customer_id=TEXT, is_member=BOOLEAN)
REALISTIC = [
    ([WEATHER], "What is the weather in Paris?", "get_weather", {"city": "Paris"}),
    ([WEATHER], "What's the weather in Rome?", "get_weather", {"city": "Rome"}),
    ([WEATHER, ORDER], "How is the weather in Berlin?", "get_weather", {"city": "Berlin"}),
    ([WEATHER], "Get the weather for Zurich with unit celsius.", "get_weather", {"city": "Zurich", "unit": "celsius"}),
    ([FLIGHTS], "Search flights from Paris to Rome.", "search_flights", {"origin": "Paris", "destination": "Rome"}),
    ([WEATHER, FLIGHTS], "Search flights with origin Oslo and destination Madrid.", "search_flights", {"origin": "Oslo", "destination": "Madrid"}),
    ([FLIGHTS], "search flights: origin Zurich, destination Lyon, departure_date 2027-03-04", "search_flights",
     {"origin": "Zurich", "destination": "Lyon", "departure_date": "2027-03-04"}),
    ([ORDER], "What is the order status of 1234?", "order_status", {"order_id": 1234}),
    ([ORDER, BOOK], "Check the order status for order id 98765.", "order_status", {"order_id": 98765}),
    ([BOOK], "Find book with book title Moby Dick.", "find_book", {"book_title": "Moby Dick"}),
    ([BOOK, WEATHER], "Find the book Emma.", "find_book", {"book_title": "Emma"}),
    ([EMAIL], "Send email to email address anna@example.com with subject Lunch.", "send_email", {"email_address": "anna@example.com", "subject": "Lunch"}),
    ([TICKET], "Create a ticket with subject printer and priority high.", "create_ticket", {"subject": "printer", "priority": "high"}),
    ([HEAT], "Set the thermostat to temperature 21.5.", "set_thermostat", {"temperature": 21.5}),
    ([TABLE, HEAT], "Book a table for 4 guests.", "book_table", {"guests": 4}),
    ([STOCK], "Call getStockPrice with ticker AMZN.", "getStockPrice", {"ticker": "AMZN"}),
    ([STOCK, WEATHER], "What is the stock price of ACME?", "getStockPrice", {"ticker": "ACME"}),
    ([TRANSLATE], "Use translateText with language French.", "translateText", {"language": "French"}),
    ([CUSTOMER], "Lookup customer with customer_id C-17 and is_member true.", "lookup_customer", {"customer_id": "C-17", "is_member": True}),
    ([WEATHER, FLIGHTS, ORDER, BOOK], "Please get the weather for Tokyo.", "get_weather", {"city": "Tokyo"}),
]
