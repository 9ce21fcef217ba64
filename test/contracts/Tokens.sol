// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Keeps one per cent of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(this), amount / 100);
    }
}

/// Returns nothing from transfers and approvals, as some old tokens do.
contract QuietToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint8 public constant decimals = 6;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Refuses to send to listed addresses.
contract FussyToken is ERC20("Fussy", "FUS") {
    mapping(address => bool) public refused;

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address to) external {
        refused[to] = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!refused[to], "refused");
        super._update(from, to, amount);
    }
}

/// Any number of decimals, eighteen by default.
contract WideToken is ERC20("Wide", "WID") {
    uint8 private _decimals = 18;

    function setDecimals(uint8 value) external {
        _decimals = value;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Calls back into a target at every transfer, as tokens with hooks do.
contract HookToken is ERC20("Hook", "HOO") {
    address public target;
    bytes public call;
    bool public succeeded;
    bytes public answer;

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function hook(address target_, bytes calldata call_) external {
        (target, call) = (target_, call_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target != address(0)) (succeeded, answer) = target.call(call);
    }
}

/// Accepts any call and does nothing, as a wrapped coin does whose fallback deposits.
contract WrappedCoin is ERC20("Wrapped", "WRA") {
    fallback() external {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
