# A Modbus peer by Debian's python3-pymodbus, of whose code the agent knows nothing.
#
#   serve tcp|rtutcp PORT          serves the registers that standard input gives as JSON: by unit, by function code, by address
#   serve serial PATH              the same on a serial port
#   ask PORT UNIT FUNCTION ADDRESS COUNT   prints the registers of a read over TCP as JSON, or the code of the exception
import asyncio
import json
import logging
import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


def context():
    units = json.load(sys.stdin)

    def block(registers):
        return ModbusSparseDataBlock({int(address): word for address, word in registers.items()})

    slaves = {
        int(unit): ModbusSlaveContext(hr=block(tables["3"]), ir=block(tables["4"]), zero_mode=True)
        for unit, tables in units.items()
    }
    return ModbusServerContext(slaves=slaves, single=False)


async def serve(transport, place):
    if transport == "serial":
        await StartAsyncSerialServer(context=context(), framer=ModbusRtuFramer, port=place, baudrate=19200)
    else:
        framer = ModbusSocketFramer if transport == "tcp" else ModbusRtuFramer
        await StartAsyncTcpServer(context=context(), framer=framer, address=("127.0.0.1", int(place)))


def ask(port, unit, function, address, count):
    client = ModbusTcpClient("127.0.0.1", port=port)
    client.connect()
    read = {3: client.read_holding_registers, 4: client.read_input_registers}.get(function)
    reply = read(address, count, slave=unit) if read else client.write_register(address, count, slave=unit)
    client.close()
    print(json.dumps(reply.exception_code if reply.isError() else reply.registers))


# It logs what clients are refused, too.
logging.disable()
if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2], sys.argv[3]))
else:
    ask(*map(int, sys.argv[2:]))
